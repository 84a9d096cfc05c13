//! A TCP connection that ends when it is cut (`kit::http::connections`), and tells what its client sends and takes.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connections::{Connection, Place};

/// The connection with its place among the open ones.
#[derive(Debug)]
pub struct GuardedStream {
    stream: TcpStream,
    place: Place,
}

impl GuardedStream {
    /// This connection at this place.
    pub const fn new(stream: TcpStream, place: Place) -> Self {
        Self { stream, place }
    }

    /// What others see of it.
    pub const fn connection(&self) -> &Arc<Connection> {
        &self.place.connection
    }

    /// An error once it is cut. Where the client takes nothing, what it has not taken is dropped with it, also by the system;
    /// else an answer that is on its way arrives whole.
    fn check(&self, context: &Context<'_>) -> io::Result<()> {
        if !self.place.connection.is_cut(context.waker()) {
            return Ok(());
        }
        if self.place.connection.takes_nothing() {
            let _closed_already = self.stream.set_zero_linger();
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.place.connection.has_read();
        }
        polled
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        match &polled {
            Poll::Ready(Ok(written)) => self.place.connection.has_written(*written),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                self.place.connection.is_blocked();
                self.check(context)?;
            }
        }
        polled
    }

    /// Comes last each time that the connection is looked after, whatever its state: whoever is to be woken is remembered here.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
