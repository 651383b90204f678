export {
  bullMqDelivery,
  type BullMqDeliveryOptions,
} from './bullmq-delivery.js';
export { BullMqPaymentDelivery } from './bullmq-payment-delivery.js';
