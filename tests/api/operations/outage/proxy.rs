//! The network between a server and its database, which a test can cut: nothing goes through any more, and nobody is told.

use std::thread;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Forwards a port of 127.0.0.1 to another one, from a thread of its own.
pub struct Proxy {
    port: u16,
    is_cut: watch::Sender<bool>,
}

impl Proxy {
    pub fn to(target: u16) -> Self {
        let (is_cut, cut) = watch::channel(false);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(listener, target, cut));
        });
        Self { port, is_cut }
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the network. Connections are still taken, and nothing comes through any of them.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Mends it for connections that are made from now on. Those from before stay silent for ever on the side of the server;
    /// the database has noticed that its side of them is dead.
    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn accept(listener: std::net::TcpListener, target: u16, mut cut: watch::Receiver<bool>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                tokio::spawn(connect(client, target, cut.clone()));
            }
            changed = cut.changed() => if changed.is_err() { return },
        }
    }
}

async fn connect(mut client: TcpStream, target: u16, mut cut: watch::Receiver<bool>) {
    if !*cut.borrow() {
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
        tokio::select! {
            _closed = copy_bidirectional(&mut client, &mut server) => return,
            _cut = cut.wait_for(|is_cut| *is_cut) => {}
        }
        let _mended = cut.wait_for(|is_cut| !*is_cut).await;
    }
    // The side of the database is closed by now, and the server is not told.
    while cut.changed().await.is_ok() {}
}
