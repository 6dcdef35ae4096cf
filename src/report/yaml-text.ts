/** Formats JSON values as YAML in block style. */
import { withoutCommands } from '../image/quote.ts';

/** Strings that YAML 1.1 and 1.2 both parse as strings. Other strings are quoted as in JSON. */
const PLAIN = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z][\w./-]*$/i;

/** Returns lines without a final line break, indented by `indent` spaces. */
export function yamlText(value: unknown, indent = 0): string {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `${pad}- ${yamlText(item, indent + 2).trimStart()}`).join('\n');
  }
  if (isFilled(value)) {
    return Object.entries(value)
      .map(
        ([key, item]) =>
          `${pad}${scalar(key)}:${isFilled(item) ? '\n' : ' '}${yamlText(item, isFilled(item) ? indent + 2 : 0)}`,
      )
      .join('\n');
  }
  return `${pad}${scalar(value)}`;
}

function isFilled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function scalar(value: unknown): string {
  return typeof value === 'string' && PLAIN.test(value) ? value : withoutCommands(JSON.stringify(value));
}
