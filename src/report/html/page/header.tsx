/** The bar at the top: name, runs, and tools. */
import type { ComponentChildren } from 'preact';
import { Icon, Logo } from './icons.tsx';

interface Props {
  readonly runs: readonly { readonly id: string; readonly title: string }[];
  /** The run that is shown, by its id. */
  readonly shown: string;
  readonly onRun: (id: string) => void;
  readonly theme: string;
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

export function Header({ runs, shown, onRun, theme, onTheme, onHelp }: Props): ComponentChildren {
  const themeLabel = `Colors: ${theme || 'as the system'}`;
  return (
    <header class="bar">
      <div class="wrap">
        <div class="brand">
          <Logo />
          <span>tidewaiter</span>
        </div>
        {runs.length === 1 ? (
          <span class="kind">{runs[0]?.title}</span>
        ) : (
          <nav class="runs" aria-label="Results">
            {runs.map(({ id, title }) => (
              <button
                key={id}
                type="button"
                {...(id === shown ? { 'aria-current': 'page' } : {})}
                onClick={() => onRun(id)}
              >
                {title}
              </button>
            ))}
          </nav>
        )}
        <div class="tools">
          <button type="button" class="icon" aria-label="Print" title="Print (p)" onClick={() => window.print()}>
            <Icon name="print" size={17} />
          </button>
          <button type="button" class="icon" aria-label={themeLabel} title={`${themeLabel} (t)`} onClick={onTheme}>
            <Icon name="theme" size={17} />
          </button>
          <button type="button" class="icon" aria-label="Help" title="Help (?)" onClick={onHelp}>
            <Icon name="help" size={17} />
          </button>
        </div>
      </div>
    </header>
  );
}
