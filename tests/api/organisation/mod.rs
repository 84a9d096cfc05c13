mod clusters;
mod exports;
mod imports;
mod members;
mod memberships;
mod reorganisation;
mod tree;
mod units;
