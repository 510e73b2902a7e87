//! Bodies with trailers: written whole, read whole up to a limit.

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::{Body, Frame};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::MeshError;

/// The largest body of a request or an answer that is read whole.
pub const BODY_LARGEST: usize = 1 << 20;

/// A body in one piece, with its trailers.
pub(super) type Whole =
    StreamBody<stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, std::convert::Infallible>>>>;

/// A body in one piece, with trailers after it.
pub(super) fn whole(body: Bytes, trailers: Option<HeaderMap>) -> Whole {
    let mut frames = Vec::with_capacity(2);
    if !body.is_empty() {
        frames.push(Ok(Frame::data(body)));
    }
    frames.extend(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
    StreamBody::new(stream::iter(frames))
}

/// The trailers of a message.
pub(super) fn trailers(all: &[(&'static str, &str)]) -> Result<HeaderMap, MeshError> {
    let mut map = HeaderMap::with_capacity(all.len());
    for (name, value) in all {
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| MeshError::Message((*name).to_owned()))?;
        map.insert(HeaderName::from_static(name), value);
    }
    Ok(map)
}

/// Reads a body to its end: what it holds, and its trailers.
pub(super) async fn read<B>(body: B) -> Result<(Bytes, HeaderMap), MeshError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let read = Limited::new(body, BODY_LARGEST).collect().await;
    let read = read.map_err(|error| MeshError::Message(format!("本文: {error}")))?;
    let trailers = read.trailers().cloned().unwrap_or_default();
    Ok((read.to_bytes(), trailers))
}

/// A head as text; `None` when it is missing or not ASCII.
pub(super) fn head<'h>(map: &'h HeaderMap, name: &str) -> Option<&'h str> {
    map.get(name)?.to_str().ok()
}
