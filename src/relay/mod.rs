//! What people are told: the inbox, and outside channels.
