//! Copies and backups while others write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use decnet_db::Repository;
use decnet_db::backup::{BackupOptions, backup};
use decnet_db::contract::NewLog;
use decnet_db::transfer::{CopyEvent, CopyOptions, copy, copy_live, verify};
use rusqlite::Connection;
use serde_json::json;

use crate::place::{GOLDEN, Middle, Place, each_middle};

each_middle![
    a_live_copy_is_equal_at_the_cut_and_goes_on_after_it_was_cut_short,
    a_backup_is_of_one_moment_while_writers_write,
];

fn options() -> CopyOptions {
    let mut options = CopyOptions::new("the source");
    options.limits.rows = 50;
    options
}

/// Writers that add, change and delete rows until they are told to stop: each keeps two tables in step in one unit.
struct Writers {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Writers {
    fn start(repository: &Arc<dyn Repository>) -> Self {
        let (stop, written) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let tasks = (0..4)
            .map(|writer| {
                let (repository, stop, written) = (repository.clone(), stop.clone(), written.clone());
                tokio::spawn(async move {
                    for round in 0_u64.. {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let mut log = NewLog::new("decky", "ssh", "event", format!("10.0.{writer}.1"));
                        log.raw_line = format!("{writer}/{round}");
                        repository
                            .unit()
                            .add_log(log)
                            .set_state(&format!("count {writer}"), json!(round + 1))
                            .commit()
                            .await
                            .unwrap();
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        Self { stop, written, tasks }
    }

    async fn wait_for(&self, count: u64) {
        while self.written.load(Ordering::Relaxed) < count {
            tokio::task::yield_now().await;
        }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// What the writers keep in step is in step.
fn holds_together(file: &Connection) {
    for writer in 0..4 {
        let one = |sql: &str| file.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        let logs =
            one(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM logs WHERE attacker_ip = '10.0.{writer}.1'"));
        assert_eq!(one(&format!("SELECT value FROM state WHERE key = 'count {writer}'")), logs);
    }
}

async fn a_live_copy_is_equal_at_the_cut_and_goes_on_after_it_was_cut_short(middle: Middle) {
    let (first, between, last) = (Place::with(GOLDEN[0]), middle.without_tables().await, Place::file());
    for (from, to) in [(&first, &between), (&between, &last)] {
        let (source, target) = (from.open().await, to.open().await);
        let writers = Writers::start(&source);
        writers.wait_for(200).await;
        // Cut short in the middle of the events.
        let mut rows = 0;
        let cut_short = Arc::new(tokio::sync::Notify::new());
        let notify = cut_short.clone();
        let mut on = move |event| {
            if let CopyEvent::Rows(more) = event {
                rows += more;
                if rows > 150 {
                    notify.notify_one();
                }
            }
        };
        let options_of_first = options();
        tokio::select! {
            biased;
            () = cut_short.notified() => {}
            done = copy_live(&*source, &*target, &options_of_first, &mut on) => panic!("{done:?}"),
        }
        let refused = copy(&*source, &*target, &options(), &mut |_| ()).await.unwrap_err();
        assert!(refused.to_string().contains("unfinished live copy"), "{refused}");
        let report = copy_live(&*source, &*target, &options(), &mut |_| ()).await.unwrap();
        assert!(report.is_complete() && report.resumed && report.cut.is_some(), "{report:#?}");
        if to.is_file() {
            holds_together(&to.sqlite());
        }
        writers.end().await;
        // What the source does not have any more goes, what changed changes, and nothing else is written.
        source.set_state("count 0", json!("changed").into()).await.unwrap();
        target.set_state("only in the target", json!(1).into()).await.unwrap();
        let mut again = options();
        again.overwrite = true;
        let report = copy_live(&*source, &*target, &again, &mut |_| ()).await.unwrap();
        assert!(report.is_complete() && !report.resumed, "{report:#?}");
        let found = verify(&*source, &*target, options().limits, false, &mut |_| ()).await.unwrap();
        assert!(found.is_equal(), "{found:#?}");
        source.set_state("count 0", json!(0).into()).await.unwrap();
        source.purge_logs_and_bounties().await.unwrap();
        let report = copy_live(&*source, &*target, &again, &mut |_| ()).await.unwrap();
        assert!(report.is_complete(), "{report:#?}");
        assert!(verify(&*source, &*target, options().limits, false, &mut |_| ()).await.unwrap().is_equal());
        for writer in 0..4 {
            source.set_state(&format!("count {writer}"), json!(0).into()).await.unwrap();
        }
        source.close().await;
        target.close().await;
    }
}

async fn a_backup_is_of_one_moment_while_writers_write(middle: Middle) {
    let (first, between) = (Place::with(GOLDEN[0]), middle.without_tables().await);
    let (golden, source) = (first.open().await, between.open().await);
    assert!(copy(&*golden, &*source, &options(), &mut |_| ()).await.unwrap().is_complete());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let writers = Writers::start(&source);
    writers.wait_for(200).await;
    let report = backup(&*source, &file, &BackupOptions::default(), &mut |_| ()).await.unwrap();
    assert!(report.verification.is_equal());
    holds_together(&Connection::open(&file).unwrap());
    assert_eq!(report.bytes, std::fs::metadata(&file).unwrap().len());
    let taken = backup(&*source, &file, &BackupOptions::default(), &mut |_| ()).await.unwrap_err();
    assert!(taken.to_string().contains("is there already"), "{taken}");
    let before = report.rows;
    let report = backup(&*source, &file, &BackupOptions::default().overwrite(), &mut |_| ()).await.unwrap();
    assert!(report.rows > before);
    writers.end().await;
    // Nothing is left beside it, and it is the owner's alone.
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["backup.db"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    golden.close().await;
    source.close().await;
}
