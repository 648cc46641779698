//! Each subject under random schedules: `DECNET_SCHEDULES` of each (2,000 unless given; a part of it where one takes long), and how
//! many there were is said.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it did")]

use decnet_db_interleavings::{queues, readers, segments};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// Half of the schedules are random; the others run the task with the highest priority, and change that a few times.
fn check(subject: &str, run: fn(), share: usize) {
    let schedules: usize =
        std::env::var("DECNET_SCHEDULES").map_or(2_000, |number| number.parse().unwrap()) / share;
    let mut config = Config::new();
    config.stack_size = 512 * 1024;
    Runner::new(RandomScheduler::new(schedules / 2), config.clone()).run(run);
    Runner::new(PctScheduler::new(3, schedules / 2), config).run(run);
    eprintln!("{subject}: {schedules} schedules");
}

#[test]
fn unit_queue() {
    check("the queue of units", queues::unit_queue, 1);
}

#[test]
fn unit_queue_closed_meanwhile() {
    check("the queue of units, closed meanwhile", queues::unit_queue_closed_meanwhile, 1);
}

#[test]
fn write_queue() {
    check("SQLite's queue of units", queues::write_queue, 1);
}

#[test]
fn write_queue_closed_meanwhile() {
    check("SQLite's queue of units, closed meanwhile", queues::write_queue_closed_meanwhile, 1);
}

#[test]
fn reader_threads() {
    check("SQLite's reader threads", readers::reader_threads, 1);
}

#[test]
fn segments_while_events_are_stored() {
    check("counts, while events are stored", segments::stored_meanwhile, 4);
}

#[test]
fn segments_while_events_are_purged() {
    check("counts, while events are purged", segments::purged_meanwhile, 4);
}
