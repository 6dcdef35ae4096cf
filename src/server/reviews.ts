/** The two endpoints of the webhook: receives the body of a review, waits for its turn, and evaluates it. */
import type { ServerResponse } from 'node:http';
import { answer, fail, reject, type ReviewExchange, type ReviewServices, type Send } from './answer.ts';
import { type Arrivals, createArrivals } from './body-admission.ts';
import { type Budget, createBudget } from './budget.ts';
import type { Connection } from './connection.ts';
import { endpointOf } from './endpoint.ts';
import type { ReviewRequest } from './fast/review-request.ts';
import { createTurns, type Turns } from './large-reviews.ts';
import { HARMLESS_BYTES, waitingBytes } from './parse-body.ts';
import { reviewIn, unreadReview } from './parse-review.ts';
import { receiveBody, type ReceivedBody, TOO_LARGE } from './receive-body.ts';
import { createAnswers } from './responses.ts';

/** The connection of a request. */
export interface Arrival {
  readonly connection: Connection;
  /** Reports whether the connection ends with an answer that is sent now. */
  readonly isLast: () => boolean;
}

/** Returns false for a request of another route, without reading its body. */
export type ReviewListener = (request: ReviewRequest, response: ServerResponse, arrival: Arrival) => boolean;

/** State that all reviews share. */
interface SharedServices {
  readonly services: ReviewServices;
  readonly budget: Budget;
  readonly arrivals: Arrivals;
  readonly inTurn: Turns;
}

/** Status codes that end the connection. */
const ENDING: ReadonlySet<number> = new Set([401, 403, 413]);

export function reviewListener(services: ReviewServices): ReviewListener {
  const budget = createBudget();
  const shared: SharedServices = { services, budget, arrivals: createArrivals(budget), inTurn: createTurns() };
  const sendAnswer = createAnswers();
  return (request, response, { connection, isLast }) => {
    const url = request.url ?? '';
    const endpoint = request.method === 'POST' ? endpointOf(url) : undefined;
    if (endpoint === undefined) return false;
    const send: Send = (code, text) =>
      sendAnswer(response, connection, { code, text, isLast: isLast() || ENDING.has(code) });
    const { rejection } = connection;
    if (rejection === undefined) receive(request, { endpoint, url, send, connection }, shared);
    else reject(services, rejection.code, rejection.problem, send);
    return true;
  };
}

interface OpenExchange extends Omit<ReviewExchange, 'mayWait'> {
  readonly connection: Connection;
}

function receive(request: ReviewRequest, exchange: OpenExchange, shared: SharedServices): void {
  const { arrivals, services } = shared;
  const { connection, send } = exchange;
  receiveBody(request, arrivals.begin(connection), (received) => {
    // A complete body counts while it waits for its turn, even if its connection ends.
    arrivals.end(connection);
    if ('code' in received) reject(services, received.code, received.problem, send);
    else answerInTurn(received, exchange, shared);
  });
}

function answerInTurn(
  received: ReceivedBody,
  exchange: OpenExchange,
  { services, budget, inTurn }: SharedServices,
): void {
  const { connection, endpoint, url, send } = exchange;
  const content = { bytes: 'head' in received ? received.head : received.body };
  const mayWait = roomToWait(budget, connection, content);
  const work = (): void => {
    try {
      // The client has disconnected meanwhile.
      if (connection.socket.destroyed) return;
      const read = 'head' in received ? unreadReview(received.head, TOO_LARGE) : reviewIn(received.body);
      answer(read, { endpoint, url, send, mayWait }, services, 'head' in received ? undefined : received.body);
    } catch (error) {
      // Node's parser or a timer calls this function, and an error that reaches it ends the process.
      fail(services, error, undefined, send);
    } finally {
      // A waiting review keeps a reference to `mayWait`, and must not keep its body.
      content.bytes = NOTHING;
      if ('release' in received) received.release();
    }
  };
  if (content.bytes.length > HARMLESS_BYTES) inTurn(work);
  else work();
}

const NOTHING = Buffer.alloc(0);

/** A separate function, so that its closure keeps nothing else of a request. */
function roomToWait(
  budget: Budget,
  connection: Connection,
  content: { readonly bytes: Buffer },
): ReviewExchange['mayWait'] {
  return (namespace = '', turnOut, secretBytes) => {
    // The first call counts the review itself.
    const bytes = secretBytes + (content.bytes === NOTHING ? 0 : waitingBytes(content.bytes));
    return budget.waiting.enter({ address: connection.address, namespace, bytes, turnOut });
  };
}
