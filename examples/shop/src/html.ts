/** Markup, in which every text has been escaped. */
export class Html {
  constructor(readonly markup: string) {}
}

type Part = Html | string | number | false | undefined | readonly Part[];

/** Markup with values in it; escapes each that is not markup itself. */
export function html(texts: TemplateStringsArray, ...parts: Part[]): Html {
  let markup = texts[0] ?? '';
  for (const [index, part] of parts.entries()) {
    markup += render(part) + (texts[index + 1] ?? '');
  }
  return new Html(markup);
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'string' || typeof part === 'number') {
    return String(part).replace(
      /[&<>"']/g,
      (character) => `&#${character.charCodeAt(0)};`,
    );
  }
  return part.map(render).join('');
}
