// The service's API.

/** An answer that is none of the wanted ones. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.detail ?? `the service answered with status ${status}`);
    this.status = status;
    this.kind = body?.kind;
  }
}

/** What is set is called when the session is over. */
export const session = { over: () => {} };

/** The path with those of the parameters that are there. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `/api/v1${path}${text && "?"}${text}`;
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { detail: "the service can't be reached" });
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new Refused(response.status, body);
}

export async function get(path, parameters, signal) {
  try {
    return await send(address(path, parameters), { signal });
  } catch (error) {
    if (error.status === 401 || error.kind === "password_change_required") session.over(error);
    throw error;
  }
}

export function post(path, body = {}) {
  return send(address(path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const AGAIN = 3000;

/**
 * The stream of events and figures. The browser goes on by itself where it was cut off; what it gives up, because it
 * was refused, is begun again here behind the last message. Returns what ends it.
 */
export function follow(parameters, { message, state }) {
  let source;
  let timer;
  let last;
  const begin = () => {
    source = new EventSource(address("/stream", { ...parameters, lastEventId: last }));
    source.onopen = () => state("live");
    source.onmessage = (event) => {
      last = event.lastEventId || last;
      message(JSON.parse(event.data));
    };
    source.onerror = () => {
      state("waiting");
      if (source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(() => {
        // Says when the session is over; a stream that is refused does not.
        get("/auth/me").then(begin, (error) => error.status !== 401 && begin());
      }, AGAIN);
    };
  };
  begin();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
