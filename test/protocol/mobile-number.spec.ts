import { describe, expect, it } from 'vitest';
import {
  mobileNumber,
  mobileNumberProblem,
} from '../../src/protocol/mobile-number.js';

describe('a mobile number is sent as 09 and eight digits, if it is written', () => {
  it.each([
    '0913632323',
    '913632323',
    '+218913632323',
    '00218913632323',
    '218913632323',
    '+218 91 363 2323',
    '+218 (0)91 363 2323',
    '091-363-2323',
    '091–363–2323',
    '091.363.2323',
    ' 091 363 2323\n',
    '٠٩١٣٦٣٢٣٢٣',
    '+٢١٨ ٩١ ٣٦٣ ٢٣٢٣',
    '۰۹۱۳۶۳۲۳۲۳',
    '۰۹۱-۳۶۳-۲۳۲۳',
    // As copied from a contact, with marks of direction and spaces that do not break.
    '\u2066+218\u00a091\u202f363\u00a02323\u2069',
    '\u200e0913632323\u200f',
  ])('as %j', (text) => {
    expect(mobileNumber(text)).toBe('0913632323');
    expect(mobileNumberProblem(text)).toBeUndefined();
  });

  it.each(['91', '92', '93', '94', '95', '96'])(
    'of operator %s',
    (operator) => {
      expect(mobileNumber(`${operator}1234567`)).toBe(`0${operator}1234567`);
    },
  );
});

describe('what is not a Libyan mobile number is refused with what is wrong with it:', () => {
  it.each([
    ['+201001234567', 'another country'],
    ['0020 100 123 4567', 'another country'],
    ['+1 913 632 3230', 'another country'],
    ['+218 21 444 4444', 'fixed line'],
    ['021 444 4444', 'fixed line'],
    ['218123456', 'fixed line'],
    ['091363232', 'too few digits'],
    ['09136323230', 'too many digits'],
    ['+2189136323', 'too few digits'],
    ['0993632323', 'must be a Libyan mobile number'],
    ['0903632323', 'must be a Libyan mobile number'],
    ['', 'must be a Libyan mobile number'],
    ['091363232x', 'must be a Libyan mobile number'],
    ['٠٩١٣٦٣٢٣٢x', 'must be a Libyan mobile number'],
    ['0913632323,0923632323', 'must be a Libyan mobile number'],
    [913632323, 'must be text'],
    [null, 'must be text'],
    [{}, 'must be text'],
  ])('%j', (text, problem) => {
    expect(mobileNumber(text)).toBeUndefined();
    expect(mobileNumberProblem(text)).toContain(problem);
  });

  it('and the problem never quotes the number', () => {
    for (const text of ['+201001234567', '0214444444', '09136323230']) {
      expect(mobileNumberProblem(text)).not.toMatch(/\d{5}/);
    }
  });
});
