mod deliveries;
mod hooks;
mod makers;
mod notifications;
mod oa_tokens;
mod worker;
