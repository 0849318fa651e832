//! Arbitrary interleavings of requests, messages and ends of two and three parties.

use proptest::prelude::*;

use super::*;

/// What can happen, in any order.
#[derive(Clone, Copy, Debug)]
enum Event {
    Request(usize),
    Deliver(usize, usize),
    Finish(usize, bool),
    Withdraw(usize),
    /// The stream from the first to the second breaks and comes back.
    Cut(usize, usize),
}

const SLOTS: u16 = 2;
const NAMES: [&str; 3] = ["alice", "bob", "carol"];

/// What arrives at one party from another: a broken stream, or a state.
type Arrival = Option<Vec<JobEntry>>;

struct Alive {
    tickets: Vec<Ticket>,
    own: Ticket,
    slot: u16,
    aborted: bool,
}

/// Parties with queues between them, as slow as the events make them.
struct World {
    parties: Vec<Lockstep>,
    /// By sender, then receiver.
    queues: Vec<Vec<std::collections::VecDeque<Arrival>>>,
    /// By receiver, then sender.
    views: Vec<Vec<Arrival>>,
    /// What each party showed last.
    sent: Vec<Vec<JobEntry>>,
    alive: Vec<Vec<Alive>>,
    /// The requests of each run that started anywhere.
    started: BTreeSet<Vec<Ticket>>,
    verdicts: BTreeMap<Ticket, bool>,
    requests: Vec<u8>,
}

impl World {
    fn new(parties: usize) -> Self {
        let names = &NAMES[..parties];
        Self {
            parties: names.iter().map(|me| lockstep(me, names, SLOTS)).collect(),
            queues: vec![vec![std::collections::VecDeque::new(); parties]; parties],
            views: vec![vec![Some(vec![]); parties]; parties],
            sent: vec![vec![]; parties],
            alive: (0..parties).map(|_| vec![]).collect(),
            started: BTreeSet::new(),
            verdicts: BTreeMap::new(),
            requests: vec![0; parties],
        }
    }

    fn parties(&self) -> usize {
        self.parties.len()
    }

    fn happen(&mut self, event: Event) {
        let n = self.parties();
        match event {
            Event::Request(who) => {
                let who = who % n;
                self.requests[who] += 1;
                let name = u8::try_from(who).unwrap() * 64 + self.requests[who];
                request(&mut self.parties[who], name);
                self.advance(who);
            }
            Event::Deliver(from, to) => self.deliver(from % n, to % n),
            Event::Finish(who, well) => {
                let who = who % n;
                if let Some(process) = self.alive[who].pop() {
                    let outcome = if well { Ok(()) } else { Err("failed".to_owned()) };
                    self.parties[who].ended(process.own, outcome);
                    self.advance(who);
                }
            }
            Event::Withdraw(who) => {
                let who = who % n;
                let open = self.parties[who].entries();
                if let Some(entry) = open.iter().find(|entry| !entry.state.is_over()) {
                    let actions = self.parties[who].withdraw(entry.ticket, "withdrawn");
                    self.act(who, actions);
                    self.advance(who);
                }
            }
            Event::Cut(from, to) => {
                let (from, to) = (from % n, to % n);
                let now = self.parties[from].entries();
                self.queues[from][to].extend([None, Some(now)]);
            }
        }
    }

    fn deliver(&mut self, from: usize, to: usize) {
        if from != to
            && let Some(arrival) = self.queues[from][to].pop_front()
        {
            self.views[to][from] = arrival;
            self.advance(to);
        }
    }

    fn advance(&mut self, who: usize) {
        let views = self.views[who].iter().enumerate().filter(|(peer, _)| *peer != who);
        let peers = views.map(|(peer, view)| {
            let view = view.as_deref().map_or(PeerView::Absent("is gone"), PeerView::Present);
            (party(NAMES[peer]), view)
        });
        let peers = peers.collect();
        let actions = self.parties[who].step(&peers);
        self.act(who, actions);
        let after = self.parties[who].entries();
        if self.sent[who] != after {
            self.queues[who].iter_mut().for_each(|queue| queue.push_back(Some(after.clone())));
            self.sent[who] = after;
        }
    }

    fn act(&mut self, who: usize, actions: Vec<RunAction>) {
        for action in actions {
            match action {
                RunAction::Start { ticket, slots, .. } => {
                    assert_eq!(slots.len(), self.parties(), "every party has a slot");
                    let slot = slots[&party(NAMES[who])];
                    assert!(slot < SLOTS);
                    assert!(self.alive[who].iter().all(|other| other.slot != slot), "slot in use");
                    let entries = self.parties[who].entries();
                    let entry = entries.iter().find(|entry| entry.ticket == ticket).unwrap();
                    let tickets: Vec<_> =
                        entry.state.matched().unwrap().tickets.values().copied().collect();
                    for other in &self.started {
                        let shared = other.iter().any(|ticket| tickets.contains(ticket));
                        assert!(!shared || *other == tickets, "one request in two runs");
                    }
                    self.started.insert(tickets.clone());
                    self.alive[who].push(Alive { tickets, own: ticket, slot, aborted: false });
                }
                RunAction::Abort { ticket, .. } => {
                    let process = self.alive[who].iter_mut().find(|alive| alive.own == ticket);
                    process.expect("only what runs is aborted").aborted = true;
                }
                RunAction::Settled { ticket, ends, .. } => {
                    let well = ends.values().all(|end| *end == PartyEnd::Done);
                    assert_eq!(self.verdicts.insert(ticket, well), None, "said once");
                }
            }
        }
    }

    /// Delivers everything and ends what was aborted, until nothing happens any more.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            for (from, to) in pairs(self.parties()) {
                while !self.queues[from][to].is_empty() && from != to {
                    self.deliver(from, to);
                    moved = true;
                }
            }
            for who in 0..self.parties() {
                if let Some(index) = self.alive[who].iter().position(|alive| alive.aborted) {
                    let own = self.alive[who].remove(index).own;
                    self.parties[who].ended(own, Err("killed".into()));
                    self.advance(who);
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |from| (0..n).map(move |to| (from, to)))
}

fn event() -> impl Strategy<Value = Event> {
    let who = 0..6_usize;
    prop_oneof![
        3 => who.clone().prop_map(Event::Request),
        10 => (who.clone(), who.clone()).prop_map(|(from, to)| Event::Deliver(from, to)),
        3 => (who.clone(), any::<bool>()).prop_map(|(who, well)| Event::Finish(who, well)),
        1 => who.clone().prop_map(Event::Withdraw),
        1 => (who.clone(), who).prop_map(|(from, to)| Event::Cut(from, to)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parties_agree_whatever_the_order_of_events(
        parties in 2..=3_usize,
        events in prop::collection::vec(event(), 0..80),
    ) {
        let mut world = World::new(parties);
        for event in &events {
            world.happen(*event);
        }
        world.settle();
        // A run is alive at all of its parties, or at none.
        let alive: Vec<BTreeSet<Vec<Ticket>>> = world
            .alive
            .iter()
            .map(|alive| alive.iter().map(|process| process.tickets.clone()).collect())
            .collect();
        // A party whose process ended well before a connection broke may think worse of the others than they are.
        let cut = events.iter().any(|event| matches!(event, Event::Cut(..)));
        for run in alive.iter().flatten() {
            let over = run.iter().any(|ticket| world.verdicts.contains_key(ticket));
            prop_assert!(cut || !over, "settled somewhere, alive elsewhere");
            for (who, lockstep) in world.parties.iter().enumerate() {
                let entries = lockstep.entries();
                let entry = entries.iter().find(|entry| entry.ticket == run[who]);
                prop_assert!(cut || entry.is_some(), "forgotten while alive elsewhere");
                let fine = entry.is_none_or(|entry| {
                    matches!(entry.state, JobState::Running(_) | JobState::Done(_))
                });
                prop_assert!(fine, "{run:?} at {}: {entry:?}", lockstep.me);
            }
        }
        // Once the rest ends well, nothing is left but requests that wait for a partner.
        for _ in 0..1000 {
            let Some(who) = world.alive.iter().position(|alive| !alive.is_empty()) else { break };
            world.happen(Event::Finish(who, true));
            world.settle();
        }
        let waiting: Vec<usize> = world.parties.iter().map(|lockstep| lockstep.entries().len()).collect();
        for lockstep in &world.parties {
            prop_assert!(lockstep.entries().iter().all(|entry| entry.state == JobState::Waiting), "{:?}", lockstep.entries());
        }
        prop_assert!(waiting.contains(&0), "all have requests, and nobody runs: {waiting:?}");
        if !cut {
            for run in &world.started {
                let verdicts: BTreeSet<_> = run.iter().map(|ticket| world.verdicts[ticket]).collect();
                prop_assert_eq!(verdicts.len(), 1, "one run, one verdict");
            }
        }
    }
}
