//! Reading a request's body, within bounds, and getting rid of one that nobody wants.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// The largest body that is read, in bytes. What this server takes is a few hundred bytes.
pub(crate) const LIMIT: usize = 1024 * 1024;
/// How much of a body is held without asking, in bytes. What clients send is a few hundred.
const USUAL: usize = 8 * 1024;
/// What all bodies together may hold beyond that, in bytes: a signed request that somebody captured can be sent again
/// and again while its time lasts, each time with a mebibyte behind it.
static TOGETHER: Semaphore = Semaphore::const_new(32 * LIMIT);
/// The largest body that is read of a client that has proven nothing yet, because what it signed stands there, in bytes.
pub(crate) const UNPROVEN_LIMIT: usize = 256 * 1024;
/// What all such bodies together may hold, in bytes: apart from the others, so that strangers do not make those wait.
static UNPROVEN: Semaphore = Semaphore::const_new(16 * UNPROVEN_LIMIT);
/// How long such a client may take to send it.
const UNPROVEN_WITHIN: Duration = Duration::from_secs(10);
/// How long a client that has proven itself may take to send it.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// How long a body that nobody wants is read.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge,
    /// It did not come in time, or the connection broke.
    Incomplete,
}

/// Reads a body of at most [`LIMIT`] bytes. Where all bodies together hold too much, it waits for others to go.
pub(crate) async fn read<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Bytes, BodyError> {
    read_within(body, READ_WITHIN, &TOGETHER, LIMIT).await
}

/// Reads a body of at most [`UNPROVEN_LIMIT`] bytes, for a client that has proven nothing yet.
pub(crate) async fn read_unproven<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Bytes, BodyError> {
    read_within(body, UNPROVEN_WITHIN, &UNPROVEN, UNPROVEN_LIMIT).await
}

/// Hands on each piece of a body of any length as it comes, and holds none, until one is not taken.
pub(crate) async fn each<B: Body<Data = Bytes> + Unpin, E: From<BodyError>>(
    body: &mut B,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    loop {
        // A client may send for as long as it goes on sending.
        let frame = timeout(READ_WITHIN, body.frame()).await.map_err(|_| BodyError::Incomplete)?;
        let Some(frame) = frame else { return Ok(()) };
        let frame = frame.map_err(|_| BodyError::Incomplete)?;
        if let Some(data) = frame.data_ref() {
            take(data)?;
        }
    }
}

async fn read_within<B: Body<Data = Bytes> + Unpin>(
    body: &mut B,
    within: Duration,
    together: &'static Semaphore,
    limit: usize,
) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut whole = Held { bytes: BytesMut::new(), share: None, limit };
    let reading = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyError::Incomplete)?;
            let Ok(data) = frame.into_data() else { continue };
            whole.take(&data, together).await?;
        }
        Ok(())
    };
    timeout(within, reading).await.unwrap_or(Err(BodyError::Incomplete))?;
    Ok(Bytes::from_owner(whole))
}

/// The bytes that are held, and the share of what all may hold that they take up.
struct Held {
    bytes: BytesMut,
    share: Option<SemaphorePermit<'static>>,
    limit: usize,
}

impl Held {
    async fn take(&mut self, data: &[u8], together: &'static Semaphore) -> Result<(), BodyError> {
        let length = self.bytes.len() + data.len();
        if length > self.limit {
            return Err(BodyError::TooLarge);
        }
        let missing = length.saturating_sub(USUAL).saturating_sub(self.held());
        if missing > 0 {
            let missing = u32::try_from(missing).map_err(|_| BodyError::TooLarge)?;
            // It is never closed, so this does not fail.
            let more = together.acquire_many(missing).await.map_err(|_| BodyError::Incomplete)?;
            match &mut self.share {
                Some(share) => share.merge(more),
                None => self.share = Some(more),
            }
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    fn held(&self) -> usize {
        self.share.as_ref().map_or(0, SemaphorePermit::num_permits)
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads on and throws away, up to [`LIMIT`] bytes or two seconds.
///
/// A server that answers and closes while the client still sends makes the client's system throw the answer away;
/// Java then says `Error writing request body`, and the reason is lost.
pub(crate) async fn drain<B: Body<Data = Bytes> + Unpin>(body: &mut B) {
    let draining = async {
        let mut left = LIMIT;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(after) = left.checked_sub(length) else { return };
            left = after;
        }
    };
    // Nothing depends on how it ends.
    let _ = timeout(DRAIN_WITHIN, draining).await;
}

/// A body that counts what is read of it.
#[derive(Debug)]
pub(crate) struct Counted<B> {
    body: B,
    /// How many bytes were read.
    pub(crate) bytes: u64,
}

impl<B> Counted<B> {
    pub(crate) fn new(body: B) -> Self {
        Self { body, bytes: 0 }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// So many chunks of a kibibyte, then the end, or nothing ever.
    struct Chunks {
        left: usize,
        ends: bool,
    }

    impl Body for Chunks {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.left.checked_sub(1) {
                Some(left) => {
                    self.left = left;
                    Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1024])))))
                }
                None if self.ends => Poll::Ready(None),
                None => Poll::Pending,
            }
        }
    }

    const SOON: Duration = Duration::from_millis(10);
    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_body_that_never_comes_is_given_up() {
        let read = read_within(&mut Chunks { left: 0, ends: false }, SOON, &TOGETHER, LIMIT).await;
        assert_eq!(read, Err(BodyError::Incomplete));
    }

    #[tokio::test]
    async fn all_bodies_together_hold_no_more_than_they_may() {
        static FEW: Semaphore = Semaphore::const_new(100 * 1024);
        let chunks = |left| Chunks { left, ends: true };
        let first = read_within(&mut chunks(64), LONG, &FEW, LIMIT).await.unwrap();
        assert_eq!((first.len(), FEW.available_permits()), (64 * 1024, (100 - 64 + 8) * 1024));
        // No room for a second of the same size; a small one needs none.
        assert_eq!(read_within(&mut chunks(64), SOON, &FEW, LIMIT).await, Err(BodyError::Incomplete));
        assert_eq!(read_within(&mut chunks(8), SOON, &FEW, LIMIT).await.unwrap().len(), 8 * 1024);
        // Somebody waits until there is.
        let waiting =
            tokio::spawn(
                async move { read_within(&mut chunks(64), LONG, &FEW, LIMIT).await.map(|b| b.len()) },
            );
        tokio::time::sleep(SOON).await;
        assert!(!waiting.is_finished());
        let part = first.slice(1..2);
        drop(first);
        tokio::time::sleep(SOON).await;
        assert!(!waiting.is_finished(), "a part of it is still held");
        drop(part);
        assert_eq!(waiting.await.unwrap(), Ok(64 * 1024));
        assert_eq!(FEW.available_permits(), 100 * 1024);
    }
}
