//! Reading a request's body, within bounds, and getting rid of one that nobody wants.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::time::timeout;

/// The largest body that is read, in bytes. What this server takes is a few hundred bytes.
pub(crate) const LIMIT: usize = 1024 * 1024;
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

/// Reads a body of at most [`LIMIT`] bytes.
pub(crate) async fn read<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Bytes, BodyError> {
    read_within(body, READ_WITHIN).await
}

async fn read_within<B: Body<Data = Bytes> + Unpin>(
    body: &mut B,
    within: Duration,
) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > LIMIT as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut whole = BytesMut::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyError::Incomplete)?;
            let Ok(data) = frame.into_data() else { continue };
            if whole.len() + data.len() > LIMIT {
                return Err(BodyError::TooLarge);
            }
            whole.extend_from_slice(&data);
        }
        Ok(())
    };
    timeout(within, reading).await.unwrap_or(Err(BodyError::Incomplete))?;
    Ok(whole.freeze())
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_body_that_never_comes_is_given_up() {
        let read = read_within(&mut Silent, Duration::from_millis(10)).await;
        assert_eq!(read, Err(BodyError::Incomplete));
    }
}
