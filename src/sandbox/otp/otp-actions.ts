import type { ApiAction } from '../api/api-action.js';
import {
  AMOUNT_FIELD,
  CUSTOMER_IP_FIELD,
  INVOICE_NO_FIELD,
} from '../api/common-fields.js';
import type { FieldRules } from '../api/field-rules.js';
import type { OtpGateway } from '../gateways/otp-gateway.js';
import type { SandboxCore } from '../sandbox-core.js';
import type { ChargeRequest, SendRequest } from './otp-process.js';

const CHARGE_FIELDS: FieldRules = {
  process_id: {
    required: true,
    isValid: (text) => /^\d+$/.test(text),
    message: 'must be a number, as verify answered it',
  },
  // Of any length: official clients send what the customer has typed.
  code: { required: true, isValid: () => true, message: 'must be text' },
  amount: AMOUNT_FIELD,
  invoice_no: INVOICE_NO_FIELD,
  customer_ip: CUSTOMER_IP_FIELD,
};

/** Plutu's `verify`: sends the customer a one-time password. */
export function sendOtp({ otp }: SandboxCore, gateway: OtpGateway): ApiAction {
  return {
    name: 'verify',
    gateway,
    fields: {
      mobile_number: gateway.mobileNumber,
      ...gateway.fields,
      amount: AMOUNT_FIELD,
    },
    prepare: (texts) => {
      const amount = texts.get('amount') ?? '';
      const request: SendRequest = {
        mobileNumber: `0${(texts.get('mobile_number') ?? '').slice(-9)}`,
        amount,
      };
      otp.refuseToSend(gateway, request);
      return {
        target: { gateway: gateway.name, amount },
        perform: () => {
          const { processId } = otp.send(gateway, request);
          return {
            code: 'OTP_SENT',
            result: {
              process_id: Number(processId),
              amount: Number(amount),
              ...gateway.verifyResult,
            },
            message: 'OTP has been sent to your mobile number',
            processId,
          };
        },
      };
    },
  };
}

/** Plutu's `confirm` at a gateway with one-time passwords: charges the customer. */
export function confirmOtp(
  { otp }: SandboxCore,
  gateway: OtpGateway,
): ApiAction {
  return {
    name: 'confirm',
    gateway,
    fields: CHARGE_FIELDS,
    prepare: (texts) => {
      const request: ChargeRequest = {
        processId: texts.get('process_id') ?? '',
        code: texts.get('code') ?? '',
        amount: texts.get('amount') ?? '',
        invoiceNo: texts.get('invoice_no') ?? '',
        customerIp: texts.get('customer_ip'),
      };
      otp.refuseToCharge(gateway, request);
      return {
        target: { gateway: gateway.name, ...request },
        perform: () => {
          const { transactionId, amount } = otp.charge(gateway, request);
          return {
            code: 'CHARGED',
            result: {
              transaction_id: Number(transactionId),
              amount: Number(amount),
            },
            message: 'Transaction completed successfully',
          };
        },
      };
    },
  };
}
