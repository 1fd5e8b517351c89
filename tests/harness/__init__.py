"""What tests stand on: private brokers, processes and polling. No test and no product code here."""
