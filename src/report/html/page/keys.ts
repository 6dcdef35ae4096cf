/** Which key presses are commands. */

/** Reports whether the press belongs to a field, a dialog, or the browser. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  return event.target instanceof Element && event.target.closest('input, select, textarea, dialog') !== null;
}
