//! The messages of a sum: two bytes of length, one of kind, then the content.

use crate::{launch::peers::lockstep::RunId, types::JobName};

/// The longest frame, in bytes, without its length.
pub(super) const LONGEST: usize = 4096;

const RUN_DIGITS: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Which run the sender means; the first frame in each direction.
    Hello { run: RunId, job: JobName },
    /// The receiver's share of the sender's number.
    Share(u128),
    /// The sum of the shares that the sender holds.
    Partial(u128),
}

impl Frame {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "a greeting",
            Self::Share(_) => "a share",
            Self::Partial(_) => "a partial sum",
        }
    }

    /// The frame with its length in front.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, content) = match self {
            Self::Hello { run, job } => (b'H', format!("{run}{job}").into_bytes()),
            Self::Share(share) => (b'S', share.to_be_bytes().to_vec()),
            Self::Partial(partial) => (b'P', partial.to_be_bytes().to_vec()),
        };
        let len = u16::try_from(content.len() + 1).expect("a name and a number are short");
        let mut bytes = len.to_be_bytes().to_vec();
        bytes.push(kind);
        bytes.extend(content);
        bytes
    }

    /// Reads a frame without its length; an error is a phrase that follows the sender's name.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let (kind, content) = bytes.split_first().ok_or("sent an empty frame")?;
        let number = || {
            let bytes = <[u8; 16]>::try_from(content);
            let wrong = |_| format!("sent a number of {} bytes", content.len());
            bytes.map(u128::from_be_bytes).map_err(wrong)
        };
        match kind {
            b'H' => {
                let text =
                    str::from_utf8(content).map_err(|_| "sent a greeting that is no text")?;
                let (run, job) =
                    text.split_at_checked(RUN_DIGITS).ok_or("sent a greeting that is too short")?;
                let run = run.parse().map_err(|_| "sent a greeting without a run")?;
                let job = job.parse().map_err(|_| "sent a greeting without a job")?;
                Ok(Self::Hello { run, job })
            }
            b'S' => Ok(Self::Share(number()?)),
            b'P' => Ok(Self::Partial(number()?)),
            other => Err(format!("sent a frame of unknown kind {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_wire() {
        let run = "0123456789abcdef".parse().unwrap();
        let hello = Frame::Hello { run, job: "total".parse().unwrap() };
        for frame in [hello, Frame::Share(u128::MAX), Frame::Partial(7)] {
            let bytes = frame.encode();
            assert_eq!(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), bytes.len() - 2);
            assert_eq!(Frame::decode(&bytes[2..]), Ok(frame));
        }
    }

    #[test]
    fn what_is_no_frame_is_named() {
        let why = |bytes: &[u8]| Frame::decode(bytes).unwrap_err();
        assert_eq!(why(b""), "sent an empty frame");
        assert_eq!(why(b"S123"), "sent a number of 3 bytes");
        assert_eq!(why(b"X"), "sent a frame of unknown kind 88");
        assert_eq!(why(b"H0123"), "sent a greeting that is too short");
        assert_eq!(why(b"H0123456789abcdef../x"), "sent a greeting without a job");
        assert_eq!(why(b"H\xff"), "sent a greeting that is no text");
        assert_eq!(why("H0123456789abcdeé".as_bytes()), "sent a greeting that is too short");
    }
}
