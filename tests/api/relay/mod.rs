mod background;
mod deliveries;
mod hooks;
mod leases;
mod makers;
mod notifications;
mod retention;
mod worker;
