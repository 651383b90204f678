/** Separators that people type between digits, and characters that copying adds. */
const FILLING = /[\s()./\p{Pd}\p{Cf}−]/gu;

/**
 * Text without the separators between digits, and with Arabic-Indic and Persian
 * digits in ASCII: `912345678` for `٩١ ٢٣٤ ٥٦٧٨`.
 */
export function plainDigits(text: string): string {
  return text
    .replace(FILLING, '')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) =>
      String(digit.charCodeAt(0) & 0xf),
    );
}
