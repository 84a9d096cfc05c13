mod conventions;
mod problems;
