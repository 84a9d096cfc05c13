//! The body of an answer on its way out: made ahead of a slow client, so that neither a compressor nor a copy of all of it
//! waits in memory until it is read; and its connection knows when all of it was given out.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};
use pin_project_lite::pin_project;

use super::connections::{Connection, Phase};

/// How much is made ahead, in bytes.
const AHEAD: usize = 1024 * 1024;
/// The most that is given out at once: the server copies what it is given.
const PIECE: usize = 32 * 1024;

pin_project! {
    /// A body on its way out.
    pub struct Given<B: MessageBody> {
        size: BodySize,
        #[pin]
        body: Option<B>,
        made: VecDeque<Bytes>,
        failure: Option<B::Error>,
        _giving: Giving,
    }
}

#[derive(Debug)]
struct Giving(Option<Arc<Connection>>);

impl Drop for Giving {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.set(Phase::Idle);
        }
    }
}

impl<B: MessageBody> Given<B> {
    /// This body, on this connection.
    pub fn new(body: B, connection: Option<Arc<Connection>>) -> Self {
        let size = body.size();
        Self { size, body: Some(body), made: VecDeque::new(), failure: None, _giving: Giving(connection) }
    }
}

impl<B: MessageBody> MessageBody for Given<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let mut this = self.project();
        let is_used_up = this.made.is_empty();
        let mut ahead: usize = 0;
        while is_used_up && ahead < AHEAD {
            let Some(body) = this.body.as_mut().as_pin_mut() else { break };
            match body.poll_next(context) {
                Poll::Pending if this.made.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Some(Ok(bytes))) => {
                    ahead = ahead.saturating_add(bytes.len());
                    this.made.push_back(bytes);
                }
                Poll::Ready(end) => {
                    *this.failure = end.and_then(Result::err);
                    this.body.set(None);
                }
            }
        }
        let Some(mut first) = this.made.pop_front() else {
            return Poll::Ready(this.failure.take().map(Err));
        };
        if first.len() > PIECE {
            this.made.push_front(first.split_off(PIECE));
        }
        Poll::Ready(Some(Ok(first)))
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::poll_fn, pin::pin};

    use actix_web::body::BodyStream;
    use futures_util::stream;

    use super::*;

    async fn next<B: MessageBody>(mut body: Pin<&mut Given<B>>) -> Option<Result<Bytes, B::Error>> {
        poll_fn(|context| body.as_mut().poll_next(context)).await
    }

    #[actix_web::test]
    async fn what_is_large_goes_out_in_pieces_and_stays_the_same() {
        let text: Bytes = (0..100_000_u32).flat_map(u32::to_be_bytes).collect::<Vec<u8>>().into();
        let mut given = pin!(Given::new(text.clone(), None));
        assert_eq!(given.size(), BodySize::Sized(400_000));

        let mut all = Vec::new();
        while let Some(Ok(piece)) = next(given.as_mut()).await {
            assert!(piece.len() <= PIECE);
            all.extend(piece);
        }

        assert!(all == text);
    }

    #[actix_web::test]
    async fn a_body_is_made_to_its_end_before_its_first_piece_is_taken_unless_it_is_long() {
        let chunks = |count: usize| stream::iter((0..count).map(|_| Ok::<_, Infallible>(Bytes::from(vec![0; 1000]))));
        let mut short = pin!(Given::new(BodyStream::new(chunks(10)), None));
        let mut long = pin!(Given::new(BodyStream::new(chunks(10_000)), None));

        assert!(next(short.as_mut()).await.is_some());
        assert!(next(long.as_mut()).await.is_some());

        assert!(short.body.is_none());
        assert!(long.body.is_some());
        assert!(long.made.len() < 1100);
    }

    #[actix_web::test]
    async fn what_was_made_before_a_failure_goes_out_before_it() {
        let chunks = stream::iter([Ok(Bytes::from("a")), Err(std::io::Error::other("b"))]);
        let mut given = pin!(Given::new(BodyStream::new(chunks), None));

        assert_eq!(next(given.as_mut()).await.unwrap().unwrap(), "a");
        assert!(next(given.as_mut()).await.unwrap().is_err());
        assert!(next(given.as_mut()).await.is_none());
    }
}
