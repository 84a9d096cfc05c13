//! What a process spends: processor time and peak memory.

use std::{fs, time::Duration};

/// Watches one process.
pub struct Meter {
    pid: u32,
    /// Memory in use when it had nothing to do, in bytes.
    idle: u64,
}

/// What was spent on something.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Of all threads.
    pub processor: Duration,
    /// The peak above what is in use when there is nothing to do, in bytes.
    pub memory: u64,
}

impl Cost {
    pub fn max(self, other: Self) -> Self {
        Self { processor: self.processor.max(other.processor), memory: self.memory.max(other.memory) }
    }
}

impl Meter {
    pub fn of(pid: u32) -> Self {
        let mut meter = Self { pid, idle: 0 };
        meter.idle = meter.memory("VmRSS:");
        meter
    }

    /// Begins to watch: from here on the peak is a new one.
    pub fn begin(&self) -> Duration {
        // Resets the peak (proc(5), clear_refs).
        fs::write(format!("/proc/{}/clear_refs", self.pid), "5").unwrap();
        self.processor()
    }

    /// What was spent since `begin` gave this.
    pub fn end(&self, begun: Duration) -> Cost {
        let memory = self.memory("VmHWM:").saturating_sub(self.idle);
        Cost { processor: self.processor().saturating_sub(begun), memory }
    }

    /// Time on a processor, of all threads.
    fn processor(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap();
        let spent = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
        spent.map(|line| Duration::from_nanos(line.split(' ').next().unwrap().parse().unwrap())).sum()
    }

    fn memory(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}
