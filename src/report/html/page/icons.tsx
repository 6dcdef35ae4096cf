/** Icons of 16 x 16, as outlines. */
import type { ComponentChildren } from 'preact';

const CIRCLE = 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z';
const QUESTION = `${CIRCLE}M6.2 6.2a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.6-.8 1.1M8 11.3v.1`;

const PATHS = {
  deny: `${CIRCLE}M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8`,
  warn: 'M8 2.2 14.3 13.4H1.7ZM8 6.4v3.2M8 11.6v.1',
  ok: `${CIRCLE}M5.2 8.2l2 2 3.6-4.2`,
  odd: QUESTION,
  calm: `${CIRCLE}M5 8h6`,
  arrow: 'M3 8h9.5M9 4.5 12.5 8 9 11.5',
  chevron: 'M6 3.5 10.5 8 6 12.5',
  down: 'M8 3v10M4 9l4 4 4-4',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4 14 14',
  theme: 'M8 1.5a6.5 6.5 0 1 0 0 13ZM8 1.5a6.5 6.5 0 0 1 0 13',
  help: QUESTION,
  print: 'M4.5 6V2h7v4M4.5 11.5H2V6.5h12v5h-2.5M4.5 9.5h7V14h-7Z',
  link: 'M6.5 9.5l3-3M7 4.6l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 9M9 11.4l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.7 7',
  copy: 'M5.5 5.5h8v8h-8ZM3 10.5H2.5v-8h8V3',
  close: 'M4 4l8 8M12 4l-8 8',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 14 }: { readonly name: IconName; readonly size?: number }): ComponentChildren {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} class="icon-line" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Logo(): ComponentChildren {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" class="icon-line logo" aria-hidden="true">
      <path d="M12 3v7M8.5 6.5h7M6 13.5l1.2-3.5h9.6l1.2 3.5" />
      <path d="M2.5 15.5c1.6 0 1.6 1.2 3.2 1.2s1.6-1.2 3.1-1.2 1.6 1.2 3.2 1.2 1.6-1.2 3.2-1.2 1.6 1.2 3.1 1.2 1.6-1.2 3.2-1.2M5 20.2c1.5 0 1.5 1 3 1s1.5-1 4-1 2.5 1 4 1 1.5-1 3-1" />
    </svg>
  );
}
