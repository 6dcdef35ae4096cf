/** Puts values that are not recorded back into the texts of a recorded outcome, where another outcome has them. */
import type { Outcome } from './outcome.ts';
import { isSameText } from './redacted-texts.ts';
import { MARKER } from './redact/secret-texts.ts';

export function withRemovedValues(recorded: Outcome, now: Outcome): Outcome {
  const like = (text: string, texts: readonly string[]): string =>
    text.includes(MARKER) ? (texts.find((other) => isSameText(text, other)) ?? text) : text;
  return {
    ...recorded,
    message:
      recorded.message === null || now.message === null ? recorded.message : like(recorded.message, [now.message]),
    warnings: recorded.warnings.map((text) => like(text, now.warnings)),
    findings: recorded.findings.map((finding) => ({
      ...finding,
      message: like(
        finding.message,
        now.findings.filter(({ rule }) => rule === finding.rule).map(({ message }) => message),
      ),
    })),
  };
}
