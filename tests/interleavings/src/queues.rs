//! The queues in front of writers: each unit is committed once and its caller told, or neither.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use decnet_db_core::Result;
use decnet_db_core::sql::{Receipt, Step, Unit};
use shuttle::{future, thread};

use crate::backlog::{BatchLimits, Pending};
use crate::queue::UnitQueue;
use crate::write_queue::WriteQueue;

const CALLERS: usize = 4;
const LIMITS: BatchLimits = BatchLimits { units: 2, rows: 10 };

fn unit(number: usize) -> Unit {
    let mut unit = Unit::new();
    unit.guard("unit", &number.to_string());
    unit
}

fn number(pending: &Pending) -> usize {
    match pending.unit.steps() {
        [Step::Guard(guard)] => guard.rsplit(':').next().unwrap().parse().unwrap(),
        steps => panic!("{steps:?}"),
    }
}

/// The units that were committed, in order.
#[derive(Clone, Default)]
struct Committed(Arc<Mutex<Vec<usize>>>);

impl Committed {
    fn commit(&self, group: Vec<Pending>) {
        assert!((1..=LIMITS.units).contains(&group.len()), "{}", group.len());
        for pending in group {
            self.0.lock().unwrap().push(number(&pending));
            pending.reply(Ok(Receipt::default()));
        }
    }

    /// Checks what callers were told; none for one that went away.
    fn check(&self, told: &[Option<Result<Receipt>>]) {
        let committed = self.0.lock().unwrap();
        for (number, told) in told.iter().enumerate() {
            let times = committed.iter().filter(|committed| **committed == number).count();
            match told {
                Some(Ok(_)) => assert_eq!(times, 1, "unit {number} was said to be committed"),
                Some(Err(error)) => {
                    assert!(error.is_retryable(), "{error}");
                    assert_eq!(times, 0, "unit {number} was said not to be committed");
                }
                None => assert!(times <= 1, "unit {number} was committed {times} times"),
            }
        }
    }
}

/// Callers of whom the first goes away sooner or later, and what they are told. The queue is closed when they are through, or
/// while they come.
fn callers<Q, F>(
    queue: &Arc<Q>,
    closes: Closes,
    close: fn(&Q),
    submit: impl Fn(Arc<Q>, Unit) -> F,
) -> Vec<Option<Result<Receipt>>>
where
    Q: Send + Sync + 'static,
    F: Future<Output = Result<Receipt>> + 'static,
{
    let closer = (closes == Closes::Meanwhile).then(|| {
        let queue = Arc::clone(queue);
        thread::spawn(move || close(&queue))
    });
    let tasks: Vec<_> =
        (0..CALLERS).map(|number| future::spawn_local(submit(Arc::clone(queue), unit(number)))).collect();
    tasks[0].abort();
    let told = future::block_on(async {
        let mut told = Vec::new();
        for task in tasks {
            told.push(task.await.ok());
        }
        told
    });
    match closer {
        Some(closer) => closer.join().unwrap(),
        None => {
            assert!(told[1..].iter().all(|told| matches!(told, Some(Ok(_)))));
            close(queue);
        }
    }
    told
}

/// When a queue is closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closes {
    Afterwards,
    Meanwhile,
}

/// Two writer tasks share a queue, and each of them ends with it.
pub fn unit_queue() {
    unit_queue_closed(Closes::Afterwards);
}

/// The same, with a queue that is closed while callers come.
pub fn unit_queue_closed_meanwhile() {
    unit_queue_closed(Closes::Meanwhile);
}

fn unit_queue_closed(closes: Closes) {
    let (queue, committed) = (Arc::new(UnitQueue::new()), Committed::default());
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let (queue, committed) = (Arc::clone(&queue), committed.clone());
            future::spawn(async move {
                while let Some(group) = queue.take(LIMITS).await {
                    committed.commit(group);
                }
            })
        })
        .collect();
    let told =
        callers(&queue, closes, UnitQueue::close, |queue, unit| async move { queue.submit(unit).await });
    for writer in writers {
        future::block_on(writer).unwrap();
    }
    assert!(queue.is_empty());
    committed.check(&told);
}

/// A writer's thread takes what gathers, and ends with the queue.
pub fn write_queue() {
    write_queue_closed(Closes::Afterwards);
}

/// The same, with a queue that is closed while callers come.
pub fn write_queue_closed_meanwhile() {
    write_queue_closed(Closes::Meanwhile);
}

fn write_queue_closed(closes: Closes) {
    let (queue, committed) = (Arc::new(WriteQueue::new()), Committed::default());
    let writer = {
        let (queue, committed) = (Arc::clone(&queue), committed.clone());
        thread::spawn(move || {
            let mut expected = 1;
            while let Some(group) = queue.take(LIMITS, expected, Duration::from_micros(100)) {
                expected = group.len() + queue.len();
                committed.commit(group);
            }
        })
    };
    let told =
        callers(&queue, closes, WriteQueue::close, |queue, unit| async move { queue.submit(unit).await });
    writer.join().unwrap();
    assert_eq!((queue.len(), queue.callers()), (0, 0));
    committed.check(&told);
}
