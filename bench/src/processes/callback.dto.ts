import { Equals, IsIn, Matches } from 'class-validator';

/** The fields of a callback as it arrives, with rules like the module's. */
export class CallbackDto {
  @Equals('mpgs')
  gateway!: string;

  @IsIn(['0', '1'])
  approved!: string;

  @Matches(/^(0|[1-9]\d{0,11})(?:\.(\d{1,2}))?$/)
  amount!: string;

  @Matches(/^[A-Z]{3}$/)
  currency!: string;

  @Matches(/^[A-Za-z0-9._-]+$/)
  invoice_no!: string;

  @Matches(/^[\x21-\x7e]{1,128}$/)
  transaction_id!: string;

  @Matches(/^[0-9A-F]{64}$/i)
  hashed!: string;
}
