//! Runs one party's plan: its identity, the meeting with the other parties, the agreement on job runs.

// pub mod identity;
