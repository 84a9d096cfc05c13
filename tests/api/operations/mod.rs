mod architecture;
mod audit;
mod openapi;
mod probes;
mod schema;
mod sweeps;
