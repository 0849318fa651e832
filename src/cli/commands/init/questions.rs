//! Questions on a terminal: one per thing that no flag says, asked again until the answer is one.

use std::{
    fmt::Display,
    io::{BufRead, Write},
    str::FromStr,
};

use clap::ValueEnum;

use crate::{
    cli::{
        args::ModeChoice,
        status::{Failure, Status},
    },
    types::{PartyName, TopologyName},
};

use super::{
    answers::{Answers, Given, NewParty, read_address},
    args::{DeployChoice, EngineChoice, RuntimeChoice},
};

/// Where questions are written and answers read.
pub(super) struct Terminal<'a> {
    pub(super) input: &'a mut dyn BufRead,
    pub(super) output: &'a mut dyn Write,
}

impl Terminal<'_> {
    /// Asks for whatever is not given.
    pub(super) fn complete(
        &mut self,
        given: Given,
        default: &TopologyName,
    ) -> Result<Answers, Failure> {
        let name = match given.name {
            Some(name) => name,
            None => self.ask("Name of the federation", Some(default.as_str()), parse)?,
        };
        let mode = self.choose("Mode", given.mode, ModeChoice::Production)?;
        let engine_is_given = given.engine.map(|_| RuntimeChoice::Secretflow);
        let runtime = given.runtime.or(engine_is_given);
        let runtime = self.choose("Runtime", runtime, RuntimeChoice::Embedded)?;
        let engine = match runtime {
            RuntimeChoice::Secretflow if mode == ModeChoice::Production => {
                self.choose("Engine", given.engine, EngineChoice::Ray)?
            }
            // A simulation needs Ray, and the embedded runtime has no engine.
            _ => given.engine.unwrap_or(EngineChoice::Ray),
        };
        let deploy = self.choose("Started by", given.deploy, DeployChoice::Process)?;
        let parties = if given.parties.is_empty() { self.parties()? } else { given.parties };
        Ok(Answers { name, mode, runtime, engine, deploy, parties })
    }

    fn parties(&mut self) -> Result<Vec<NewParty>, Failure> {
        let mut parties: Vec<NewParty> = Vec::new();
        loop {
            let question = format!("Party {}", parties.len() + 1);
            // Two compute together; with those, an empty answer is the end.
            let (question, end) = if parties.len() < 2 {
                (question, None)
            } else {
                (format!("{question} (empty: no more)"), Some(""))
            };
            let name = self.ask(&question, end, |text| {
                if text.is_empty() && end.is_some() {
                    return Ok(None);
                }
                let name: PartyName = parse(text)?;
                if parties.iter().any(|party| party.name == name) {
                    return Err(format!("`{name}` is named already"));
                }
                Ok(Some(name))
            })?;
            let Some(name) = name else { return Ok(parties) };
            let question = format!("Address at which the others dial {name}");
            let address = self.ask(&question, None, read_address)?;
            parties.push(NewParty { name, address });
        }
    }

    fn choose<T: ValueEnum + Copy>(
        &mut self,
        question: &str,
        given: Option<T>,
        default: T,
    ) -> Result<T, Failure> {
        if let Some(given) = given {
            return Ok(given);
        }
        let name = |choice: &T| choice.to_possible_value().map(|value| value.get_name().to_owned());
        let words = T::value_variants().iter().filter_map(name).collect::<Vec<_>>().join(", ");
        let default = name(&default);
        self.ask(&format!("{question} ({words})"), default.as_deref(), |text| {
            T::from_str(text, false).map_err(|_| format!("`{text}` is none of {words}"))
        })
    }

    fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            let shown = default.filter(|default| !default.is_empty());
            let shown = shown.map(|default| format!(" [{default}]")).unwrap_or_default();
            let mut line = String::new();
            let asked =
                write!(self.output, "{question}{shown}: ").and_then(|()| self.output.flush());
            let got = asked.and_then(|()| self.input.read_line(&mut line));
            if !matches!(got, Ok(1..)) {
                let _ = writeln!(self.output);
                let message = "the questions were not answered to the end; nothing was written";
                return Err(Failure::new(Status::Interrupted, message));
            }
            let answer = Some(line.trim()).filter(|answer| !answer.is_empty());
            match read(answer.or(default).unwrap_or_default()) {
                Ok(value) => return Ok(value),
                // A terminal that takes no text gives no answer either, which ends the loop.
                Err(why) => drop(writeln!(self.output, "  {why}")),
            }
        }
    }
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|why: T::Err| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(given: Given, lines: &str) -> (Result<Answers, Failure>, String) {
        let mut output = Vec::new();
        let mut input = lines.as_bytes();
        let default = "federation".parse().unwrap();
        let answers = Terminal { input: &mut input, output: &mut output }.complete(given, &default);
        (answers, String::from_utf8(output).unwrap())
    }

    #[test]
    fn what_is_no_answer_is_asked_again() {
        let lines = "Credit Risk\ncredit-risk\nprod\n\nsecretflow\nthread\nthreads\n\nalice\nhttp://x\n10.0.0.1\nalice\nbob\n10.0.0.2\n\n";
        let (answers, said) = answered(Given::default(), lines);
        let answers = answers.unwrap();
        assert_eq!(answers.name.as_str(), "credit-risk");
        assert_eq!(
            (answers.mode, answers.runtime),
            (ModeChoice::Production, RuntimeChoice::Secretflow)
        );
        assert_eq!(
            (answers.engine, answers.deploy),
            (EngineChoice::Threads, DeployChoice::Process)
        );
        let parties: Vec<_> =
            answers.parties.iter().map(|p| (p.name.as_str(), p.address.as_str())).collect();
        assert_eq!(parties, [("alice", "10.0.0.1"), ("bob", "10.0.0.2")]);
        for wrong in [
            "not 'C'",
            "`prod` is none of production, simulation",
            "without `http://`",
            "`alice` is named already",
        ] {
            assert!(said.contains(wrong), "{wrong}: {said}");
        }
    }

    #[test]
    fn only_what_is_not_given_is_asked() {
        let given = Given {
            engine: Some(EngineChoice::Ray),
            parties: vec![super::super::answers::read_party("alice=10.0.0.1").unwrap()],
            ..Given::default()
        };
        let (answers, said) = answered(given, "\n\n\n");
        assert_eq!(answers.unwrap().runtime, RuntimeChoice::Secretflow);
        assert_eq!(
            said,
            "Name of the federation [federation]: Mode (production, simulation) [production]: \
             Started by (process, systemd, docker) [process]: "
        );
    }

    #[test]
    fn an_input_that_ends_is_no_answer() {
        let (answers, _) = answered(Given::default(), "x\n");
        assert_eq!(answers.unwrap_err().status, Status::Interrupted);
    }
}
