/** Excerpts, Pods, and times in a packed report: each is a text of numbers, which is read only when its finding is opened. */
import type { ContainerPicture, CredentialPicture, Excerpt, PodPicture, Review } from './report-data.ts';
import type { TextAt, Texts } from './texts.ts';

interface ListCodec<T> {
  readonly write: (value: T, texts: Texts) => number;
  readonly read: (cell: number, textAt: TextAt) => T;
}

/** null has the number 0, like a text that is null. */
function listCodec<T>(
  write: (value: T, texts: Texts) => readonly number[] | null,
  read: (next: Next | null) => T,
): ListCodec<T> {
  return {
    write: (value, texts) => texts.at(write(value, texts)?.join() ?? null),
    read: (cell, textAt) => {
      const text = textAt(cell);
      return read(text === null ? null : nextOf(text, textAt));
    },
  };
}

/** Reads the numbers in the order in which they were written. */
interface Next {
  readonly isEnd: () => boolean;
  readonly number: () => number;
  readonly optional: () => number | null;
  readonly text: () => string;
  readonly maybe: () => string | null;
}

function nextOf(text: string, textAt: TextAt): Next {
  const numbers = text === '' ? [] : text.split(',').map(Number);
  let at = 0;
  const number = (): number => numbers[at++] ?? 0;
  const maybe = (): string | null => textAt(number());
  return {
    isEnd: () => at >= numbers.length,
    number,
    optional() {
      const value = number();
      return value < 0 ? null : value;
    },
    maybe,
    text: () => maybe() ?? '',
  };
}

function until<T>(next: Next, read: (next: Next) => T): readonly T[] {
  const found: T[] = [];
  while (!next.isEnd()) found.push(read(next));
  return found;
}

function times<T>(count: number, read: () => T): readonly T[] {
  return Array.from({ length: count }, read);
}

export const timesCodec = listCodec<Review['times']>(
  (steps) => steps.flat(),
  (next) => (next === null ? [] : until(next, (each) => [each.number(), each.number()] as const)),
);

export const excerptCodec = listCodec<Excerpt | null>(
  (excerpt, texts) => {
    if (excerpt === null) return null;
    const { lines, marked, from, to } = excerpt;
    return [marked, from, to, ...lines.flatMap(([line, text]) => [line, texts.at(text)])];
  },
  (next) =>
    next && {
      marked: next.number(),
      from: next.number(),
      to: next.number(),
      lines: until(next, (each) => [each.number(), each.text()] as const),
    },
);

export const podsCodec = listCodec<readonly PodPicture[]>(
  (pods, texts) =>
    pods.flatMap(({ pointer, node, hostNetwork, containers }) => [
      texts.at(pointer),
      texts.at(node),
      Number(hostNetwork),
      containers.length,
      ...containers.flatMap((container) => containerNumbers(container, texts)),
    ]),
  (next) => (next === null ? [] : until(next, podAt)),
);

function podAt(next: Next): PodPicture {
  return {
    pointer: next.text(),
    node: next.maybe(),
    hostNetwork: next.number() === 1,
    containers: times(next.number(), () => containerAt(next)),
  };
}

function containerNumbers(
  { name, kind, start, ports, image, pointer, registry, credential }: ContainerPicture,
  texts: Texts,
): readonly number[] {
  return [
    texts.at(name),
    texts.at(kind),
    start ?? -1,
    ports.length,
    ...ports.map((port) => texts.at(port)),
    texts.at(image),
    texts.at(pointer),
    texts.at(registry),
    texts.at(credential.state),
    texts.at(credential.secret),
    texts.at(credential.user),
  ];
}

function containerAt(next: Next): ContainerPicture {
  return {
    name: next.text(),
    kind: next.text(),
    start: next.optional(),
    ports: times(next.number(), next.text),
    image: next.text(),
    pointer: next.text(),
    registry: next.maybe(),
    credential: { state: next.text() as CredentialPicture['state'], secret: next.maybe(), user: next.maybe() },
  };
}
