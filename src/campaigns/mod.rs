//! Campaigns, what is pledged in them, what is done, and the figures that follow.
