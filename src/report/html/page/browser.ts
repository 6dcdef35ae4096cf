/** What the page needs of the browser beside elements: stored choices, the clipboard, colors. */

/** A sandbox has no storage: the choice then lasts as long as the page. */
export function stored(key: string): string {
  try {
    return localStorage.getItem(`tidewaiter.${key}`) ?? '';
  } catch {
    return '';
  }
}

export function store(key: string, value: string): void {
  try {
    localStorage.setItem(`tidewaiter.${key}`, value);
  } catch {
    // Nothing else remembers it.
  }
}

/** Resolves with false if the browser does not let the page copy. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Pages from disk have no clipboard in some browsers. */
function copySelected(text: string): boolean {
  const field = document.createElement('textarea');
  field.className = 'sr';
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  return done;
}

export type Theme = '' | 'light' | 'dark';

export function storedTheme(): Theme {
  const theme = stored('theme');
  return theme === 'light' || theme === 'dark' ? theme : '';
}

export function applyTheme(theme: Theme): void {
  if (theme === '') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  store('theme', theme);
}

export function otherTheme(theme: Theme): Theme {
  if (theme !== '') return theme === 'light' ? 'dark' : 'light';
  return matchMedia('(prefers-color-scheme:dark)').matches ? 'light' : 'dark';
}
