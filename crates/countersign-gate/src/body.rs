//! The body of a request that is let through: as it came, whole, or compared as it passes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use countersign_accounts::verifier::Streaming;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// How much of a body is read that nobody wants, in bytes, and for how long.
const DRAIN_LIMIT: usize = 1024 * 1024;
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// An error of whichever body it is.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body that the service behind is given.
///
/// Where the signature covers it and it was not read beforehand, its last piece is held back until the whole has been
/// compared: a body that is not the one that was signed ends in an error, never in its end. What such a body is followed by
/// (trailers) is not signed, and not passed on.
#[derive(Debug)]
pub struct GateBody<B>(Kind<B>);

#[derive(Debug)]
enum Kind<B> {
    AsItCame(B),
    Whole(Option<Bytes>),
    Compared {
        body: B,
        held: Option<Bytes>,
        /// None once the body has ended, or failed.
        check: Option<Streaming>,
    },
}

/// Why the service behind does not get the body to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the body is not the one that was signed")]
    Mismatch,
    #[error("the body did not come to its end: {0}")]
    Incomplete(#[source] BoxError),
}

/// What became of a body before the service behind is asked.
#[derive(Debug)]
pub(crate) enum Kept {
    AsItCame,
    Whole(Bytes),
    Compared(Streaming),
}

impl<B> GateBody<B> {
    pub(crate) fn new(body: B, kept: Kept) -> Self {
        Self(match kept {
            Kept::AsItCame => Kind::AsItCame(body),
            Kept::Whole(bytes) => Kind::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())),
            Kept::Compared(check) => Kind::Compared { body, held: None, check: Some(check) },
        })
    }
}

impl<B> Body for GateBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::AsItCame(body) => {
                let polled = ready!(Pin::new(body).poll_frame(context));
                Poll::Ready(polled.map(|frame| frame.map_err(|error| BodyError::Incomplete(error.into()))))
            }
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Compared { body, held, check } => {
                let polled = ready!(poll_compared(body, held, check, context));
                if !matches!(polled, Some(Ok(_))) || check.is_none() {
                    (*held, *check) = (None, None);
                }
                Poll::Ready(polled.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::AsItCame(body) => body.is_end_stream(),
            Kind::Whole(bytes) => bytes.is_none(),
            Kind::Compared { check, .. } => check.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::AsItCame(body) => body.size_hint(),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Compared { body, held, .. } => {
                let (rest, held) = (body.size_hint(), held.as_ref().map_or(0, Bytes::len) as u64);
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(held));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(held));
                }
                hint
            }
        }
    }
}

/// The piece before the one that has come, or, where the whole is the body that was signed, the last.
fn poll_compared<B>(
    body: &mut B,
    held: &mut Option<Bytes>,
    check: &mut Option<Streaming>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, BodyError>>>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    loop {
        let Some(checking) = check else { return Poll::Ready(None) };
        let frame = match ready!(Pin::new(&mut *body).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::Incomplete(error.into())))),
            None => {
                let matches = check.take().is_some_and(|check| check.finish().is_ok());
                return Poll::Ready(match matches {
                    true => held.take().map(Ok),
                    false => Some(Err(BodyError::Mismatch)),
                });
            }
        };
        let Ok(piece) = frame.into_data() else { continue };
        // An empty one would let the last that counts go.
        if piece.is_empty() {
            continue;
        }
        if checking.update(&piece).is_err() {
            return Poll::Ready(Some(Err(BodyError::Mismatch)));
        }
        if let Some(before) = held.replace(piece) {
            return Poll::Ready(Some(Ok(before)));
        }
    }
}

/// Why a body could not be read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRead {
    TooLong,
    /// It did not come in time, or the connection broke.
    Incomplete,
}

/// Reads a body of at most so many bytes.
pub(crate) async fn read<B>(body: &mut B, limit: usize, within: Duration) -> Result<Bytes, NotRead>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(NotRead::TooLong);
    }
    let mut whole = BytesMut::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(piece) = frame.map_err(|_| NotRead::Incomplete)?.into_data() else { continue };
            if whole.len() + piece.len() > limit {
                return Err(NotRead::TooLong);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(())
    };
    timeout(within, reading).await.unwrap_or(Err(NotRead::Incomplete))?;
    Ok(whole.freeze())
}

/// Reads on and throws away, up to a bound: a server that answers and closes while the client still sends makes the
/// client's system throw the answer away.
pub(crate) async fn drain<B: Body<Data = Bytes> + Unpin>(body: &mut B) {
    let draining = async {
        let mut left = DRAIN_LIMIT;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(after) = left.checked_sub(length) else { return };
            left = after;
        }
    };
    // Nothing depends on how it ends.
    let _ = timeout(DRAIN_WITHIN, draining).await;
}
