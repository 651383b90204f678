import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BookedInvoices } from './booked-invoices.js';
import { BookingWaiters } from './booking-waiters.js';
import { Consumers } from './consumers.js';
import { EmitterProvider } from './emitter-provider.js';
import { PlutuEvents } from './plutu-events.js';

/** What all accounts of an application share: its emitter, its consumers, who waits. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    EmitterProvider,
    Consumers,
    PlutuEvents,
    BookingWaiters,
    BookedInvoices,
  ],
  exports: [PlutuEvents, BookingWaiters, BookedInvoices],
})
export class PlutuEventsModule {}
