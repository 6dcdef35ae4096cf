/** A place in a file, as a link if its address at a code host is known. */
import type { ComponentChildren } from 'preact';
import { sourceUrl } from './source-url.ts';
import { Text } from './text.tsx';

interface Props {
  readonly base: string | null;
  readonly file: string;
  readonly line: number | null;
  readonly children?: ComponentChildren;
}

export function SourceLink({ base, file, line, children = <Text value={file} /> }: Props): ComponentChildren {
  const url = sourceUrl(base, file, line);
  if (url === undefined) return children;
  return (
    // A click in a row would open it as well.
    <a href={url} target="_blank" rel="noopener noreferrer" onClick={(event) => event.stopPropagation()}>
      {children}
    </a>
  );
}
