//! Accepts connections and gives each to HTTP.

use std::sync::Arc;

use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::server::Node;
use crate::{http, limits};

/// One of the sockets that may be open, held as long as somebody uses it: HTTP, and then perhaps a session.
pub type SocketPlace = Arc<OwnedSemaphorePermit>;

/// Accepts until told to close.
pub async fn accept(listener: TcpListener, node: Arc<Node>, mut closed: watch::Receiver<bool>) {
    let places = Arc::clone(&node.sockets);
    let router = http::router(node);
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let accepted = tokio::select! {
            () = until_closed(&mut closed) => return,
            accepted = async { (listener.accept().await, place.await) } => accepted,
        };
        let (Ok((stream, _)), Ok(place)) = accepted else {
            tracing::warn!("a connection could not be accepted; is the limit of open files too low?");
            tokio::time::sleep(limits::ACCEPT_FAILED_PAUSE).await;
            continue;
        };
        let router = router.clone();
        let closed = closed.clone();
        tokio::spawn(serve(stream, Arc::new(place), router, closed));
    }
}

async fn serve(
    stream: TcpStream,
    place: SocketPlace,
    router: axum::Router,
    mut closed: watch::Receiver<bool>,
) {
    // Without it small messages would wait for each other; a socket that refuses the option is only slower.
    drop(stream.set_nodelay(true));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits::HTTP_HEAD_WAIT);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&place));
        router.call(request)
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = until_closed(&mut closed) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!("an HTTP connection ended: {error}");
    }
}

async fn until_closed(closed: &mut watch::Receiver<bool>) {
    // Without its sender the server is gone too.
    drop(closed.wait_for(|closed| *closed).await);
}
