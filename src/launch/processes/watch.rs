//! Services that something else keeps up: whether they answer.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{ServiceEvent, ServicePhase, event::ServiceStatus};

/// How often a service is asked that has not answered.
const UNTIL_READY: Duration = Duration::from_millis(200);
/// How often one is asked that has.
const WHILE_READY: Duration = Duration::from_secs(2);
/// How long an answer may take: services are asked on this machine.
const ANSWER: Duration = Duration::from_secs(1);

/// Looks after services until it is dropped. It starts none and ends none.
#[derive(Debug)]
pub struct Watch {
    status: watch::Receiver<BTreeMap<String, ServiceStatus>>,
    _tasks: JoinSet<()>,
}

impl Watch {
    /// Begins to ask services at their addresses. A service that has answered once and answers no more is starting again.
    #[must_use]
    pub fn start(services: Vec<(String, SocketAddr)>) -> (Self, mpsc::Receiver<ServiceEvent>) {
        let starting = ServicePhase::Starting(1);
        let unknown = ServiceStatus { phase: starting, pid: None, starts: 1 };
        let all: BTreeMap<_, _> =
            services.iter().map(|(name, _)| (name.clone(), unknown.clone())).collect();
        let (sender, status) = watch::channel(all);
        let (events, receiver) = mpsc::channel(64);
        let mut tasks = JoinSet::new();
        for (service, address) in services {
            let (sender, events) = (sender.clone(), events.clone());
            tasks.spawn(async move {
                let mut known = starting;
                loop {
                    let answers = timeout(ANSWER, TcpStream::connect(address)).await;
                    let is_ready = matches!(answers, Ok(Ok(_)));
                    let phase = if is_ready { ServicePhase::Ready(1) } else { starting };
                    if phase != known {
                        known = phase;
                        sender.send_modify(|all| {
                            all.entry(service.clone()).and_modify(|status| status.phase = phase);
                        });
                        let service = service.clone();
                        let event = ServiceEvent::Phase { service, phase, ending: None };
                        if events.send(event).await.is_err() {
                            return;
                        }
                    }
                    sleep(if is_ready { WHILE_READY } else { UNTIL_READY }).await;
                }
            });
        }
        (Self { status, _tasks: tasks }, receiver)
    }

    /// Where each service stands.
    #[must_use]
    pub fn status(&self) -> BTreeMap<String, ServiceStatus> {
        self.status.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_service_is_ready_while_it_answers() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (watch, mut events) = Watch::start(vec![("ray".to_owned(), address)]);
        let mut phase = async || match events.recv().await {
            Some(ServiceEvent::Phase { phase, .. }) => phase,
            other => panic!("{other:?}"),
        };
        assert!(phase().await.is_ready() && watch.status()["ray"].phase.is_ready());
        drop(listener);
        assert!(!phase().await.is_ready() && !watch.status()["ray"].phase.is_ready());
    }
}
