mod campaigns;
mod checkins;
mod pledges;
mod progress;
mod review_queue;
mod works;
