"""The language of the incidents: scenarios, the stage that they are told on, and the company that is audited."""
