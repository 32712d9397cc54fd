/**
 * Which of the two wire editions a connection speaks (docs/wire.md §1.1). Chosen per connection, never per
 * message.
 */
export type Edition = 'current' | 'draft'
