/** The error in a Status of the API server (metav1.Status). */
import type { JsonObject } from '../pod/pointer.ts';
import { ApiError } from './api.ts';
import { textIn } from './entry.ts';

const MAX_MESSAGE = 1000;

/** The message is on one line; admission webhooks and objects can cause any text. */
export function statusError(code: number, status: JsonObject): ApiError {
  const line = textIn(status, 'message')
    .replaceAll(/\p{C}+/gu, ' ')
    .trim();
  const message = line.length <= MAX_MESSAGE ? line : `${line.slice(0, MAX_MESSAGE)}…`;
  return new ApiError(code, textIn(status, 'reason'), message || `HTTP ${code}`);
}
