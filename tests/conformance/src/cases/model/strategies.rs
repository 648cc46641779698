//! Random histories, as proptest-state-machine makes and shrinks them.

use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, Union};
use proptest_state_machine::ReferenceStateMachine;

use super::operation::{
    KEYS, KINDS, LINES, OUTCOMES, Operation, PAYLOADS, PRINCIPALS, ROLES, Read, SEARCHES, SECRETS, SOURCES,
    Step, USERS,
};
use super::reference::Model;

/// Histories over an empty database. Every operation is possible in every state, so that any of them can be left out of one.
pub(crate) struct Histories;

impl ReferenceStateMachine for Histories {
    type State = Model;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::default()).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Operation> {
        prop_oneof![
            12 => steps().prop_map(Operation::Unit),
            6 => read().prop_map(Operation::Read),
            1 => Just(Operation::Reopen),
            1 => (steps(), 0..12_usize).prop_map(|(steps, nth)| Operation::DropUnit { steps, nth }),
        ]
        .boxed()
    }

    fn apply(state: Model, operation: &Operation) -> Model {
        match operation {
            // A unit that fails changes nothing; one that was dropped is taken for one that happened.
            Operation::Unit(steps) | Operation::DropUnit { steps, .. } => state.after(steps).unwrap_or(state),
            Operation::Read(_) | Operation::Reopen => state,
        }
    }
}

fn one_of<T>(list: &[T]) -> std::ops::Range<usize> {
    0..list.len()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..4)
}

fn step() -> impl Strategy<Value = Step> {
    // Few, so that there are ties.
    let second = 0..6_i64;
    let source = one_of(&SOURCES);
    let maybe = prop::option::of::<std::ops::Range<usize>>;
    Union::new_weighted(vec![
        (
            6,
            (source.clone(), one_of(&LINES), second.clone(), 1..5_usize)
                .prop_map(|(source, line, second, count)| Step::AddEvents { source, line, second, count })
                .boxed(),
        ),
        (
            6,
            (source.clone(), one_of(&KINDS), one_of(&PAYLOADS), second.clone())
                .prop_map(|(source, kind, payload, second)| Step::AddBounty { source, kind, payload, second })
                .boxed(),
        ),
        (3, (one_of(&KEYS), 0..4_i64).prop_map(|(key, value)| Step::SetState { key, value }).boxed()),
        (
            4,
            (source.clone(), second, 0..9_i64)
                .prop_map(|(source, second, events)| Step::UpsertAttacker { source, second, events })
                .boxed(),
        ),
        (
            2,
            (source.clone(), 0..9_i64)
                .prop_map(|(source, events)| Step::CountEvents { source, events })
                .boxed(),
        ),
        (
            4,
            (source.clone(), maybe(one_of(&PRINCIPALS)), one_of(&SECRETS), maybe(one_of(&OUTCOMES)))
                .prop_map(|(source, principal, secret, outcome)| Step::UpsertCredential {
                    source,
                    principal,
                    secret,
                    outcome,
                })
                .boxed(),
        ),
        (
            3,
            (0..4_usize, source, prop::bool::weighted(0.8))
                .prop_map(|(number, source, confident)| Step::AddTag { number, source, confident })
                .boxed(),
        ),
        (3, (0..3_usize, one_of(&USERS)).prop_map(|(uuid, name)| Step::CreateUser { uuid, name }).boxed()),
        (1, (0..3_usize, one_of(&ROLES)).prop_map(|(uuid, role)| Step::SetRole { uuid, role }).boxed()),
        (2, (0..3_usize).prop_map(|uuid| Step::DeleteUser { uuid }).boxed()),
        (1, Just(Step::Purge).boxed()),
        (1, Just(Step::AddTooLong).boxed()),
    ])
}

fn read() -> impl Strategy<Value = Read> {
    let maybe = prop::option::of::<std::ops::Range<usize>>;
    prop_oneof![
        3 => one_of(&SEARCHES).prop_map(|search| Read::Search { search }),
        2 => (0..20_usize, 0..8_usize).prop_map(|(offset, limit)| Read::Page { offset, limit }),
        1 => (1..5_usize).prop_map(|limit| Read::PageByPage { limit }),
        2 => (maybe(one_of(&KINDS)), maybe(one_of(&PAYLOADS)))
            .prop_map(|(kind, payload)| Read::Bounties { kind, payload }),
        1 => one_of(&SOURCES).prop_map(|source| Read::BountiesOf { source }),
        1 => one_of(&SOURCES).prop_map(|source| Read::CredentialsOf { source }),
        1 => any::<bool>().prop_map(|active| Read::Attackers { active }),
        1 => one_of(&USERS).prop_map(|name| Read::User { name }),
    ]
}
