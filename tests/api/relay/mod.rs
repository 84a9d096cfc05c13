mod deliveries;
mod makers;
mod notifications;
mod worker;
