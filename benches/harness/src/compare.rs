//! Asking several layers in turn for short runs of the same operation.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::op::Op;
use crate::run::{Sample, Span};
use crate::serve::{Answer, Checks, Request};

/// What is compared, and how.
#[derive(Debug)]
pub struct Comparison {
    /// The layers' names and the programs, with arguments, that serve them.
    pub layers: Vec<(String, Vec<String>)>,
    /// The operations, in the order of [`OPS`](crate::OPS).
    pub ops: Vec<Op>,
    /// How often each layer is asked for each operation.
    pub rounds: u32,
    /// How long each time.
    pub span: Span,
    /// Decides about the rows.
    pub seed: u64,
    /// How many log rows the databases that are not empty have.
    pub rows: u64,
    /// The process of the database server, if it runs on this machine.
    pub server: Option<u32>,
}

/// What came out: samples by operation and, in the order of the layers, by round.
#[derive(Debug)]
pub struct Outcome {
    /// One list of samples for each layer.
    pub samples: BTreeMap<Op, Vec<Vec<Sample>>>,
    /// The most memory that each layer's process had, in MiB.
    pub peak_rss_mb: Vec<Option<f64>>,
    /// What all layers saw in their databases; `None` when only operations on empty ones were asked for.
    pub checks: Option<Checks>,
}

/// One layer's program.
struct Subject {
    name: String,
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    peak_rss_mb: Option<f64>,
}

/// Runs the comparison. `database` makes the database of a layer, given its name and whether it is to be empty of rows, and
/// returns its URL.
///
/// # Errors
/// When a program can't be started or used, a database can't be made, or the layers don't see the same in theirs. What an
/// operation fails with is counted.
pub fn compare(
    comparison: &Comparison,
    mut database: impl FnMut(&str, bool) -> Result<String>,
) -> Result<Outcome> {
    let Comparison { layers, ops, rounds, span, seed, rows, server } = comparison;
    let start = |(name, command): &(String, Vec<String>)| Subject::start(name, command);
    let mut subjects = layers.iter().map(start).collect::<Result<Vec<_>>>()?;
    let mut outcome = Outcome { samples: BTreeMap::new(), peak_rss_mb: Vec::new(), checks: None };
    for empty in [true, false] {
        let ops: Vec<Op> = ops.iter().copied().filter(|op| op.on_empty() == empty).collect();
        if ops.is_empty() {
            continue;
        }
        for subject in &mut subjects {
            let url = database(&subject.name, empty)?;
            let request = Request::Open { url, seed: *seed, rows: *rows, server: *server };
            subject.ask(&request)?;
            if !empty {
                let Answer::Checked(checks) = subject.ask(&Request::Check)? else {
                    bail!("{} did not say what it sees", subject.name)
                };
                let expected = outcome.checks.get_or_insert_with(|| checks.clone());
                ensure!(
                    checks == *expected,
                    "{} sees something else in its database: {checks:?} instead of {expected:?}",
                    subject.name
                );
            }
        }
        for op in ops {
            let mut samples = vec![Vec::new(); subjects.len()];
            for round in 0..*rounds as usize {
                // Each round begins with another layer, so that nobody always comes after the same one.
                for turn in 0..subjects.len() {
                    let turn = (turn + round) % subjects.len();
                    let subject = &mut subjects[turn];
                    let request = Request::Run { op: op.name().to_owned(), span: *span };
                    let Answer::Ran { sample, peak_rss_mb } = subject.ask(&request)? else {
                        bail!("{} did not run {}", subject.name, op.name())
                    };
                    subject.peak_rss_mb = peak_rss_mb;
                    samples[turn].push(sample);
                }
            }
            outcome.samples.insert(op, samples);
        }
    }
    outcome.peak_rss_mb = subjects.iter().map(|subject| subject.peak_rss_mb).collect();
    for subject in subjects {
        subject.end()?;
    }
    Ok(outcome)
}

impl Subject {
    fn start(name: &str, command: &[String]) -> Result<Self> {
        let (program, arguments) = command.split_first().with_context(|| format!("no program for {name}"))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {program} for {name}"))?;
        let (requests, answers) = match (child.stdin.take(), child.stdout.take()) {
            (Some(requests), Some(answers)) => (requests, BufReader::new(answers)),
            _ => bail!("no pipes to {program}"),
        };
        Ok(Self { name: name.to_owned(), child, requests, answers, peak_rss_mb: None })
    }

    fn ask(&mut self, request: &Request) -> Result<Answer> {
        let mut exchange = || {
            writeln!(self.requests, "{}", serde_json::to_string(request)?)?;
            self.requests.flush()?;
            let mut line = String::new();
            ensure!(self.answers.read_line(&mut line)? > 0, "its program ended");
            match serde_json::from_str(&line)? {
                Answer::Failed(error) => bail!(error),
                answer => Ok(answer),
            }
        };
        exchange().with_context(|| format!("{}: {request:?}", self.name))
    }

    fn end(mut self) -> Result<()> {
        drop(self.requests);
        let status = self.child.wait()?;
        ensure!(status.success(), "the program of {} ended with {status}", self.name);
        Ok(())
    }
}
