mod deliveries;
mod hooks;
mod makers;
mod notifications;
mod worker;
