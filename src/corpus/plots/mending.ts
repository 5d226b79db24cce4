import { either, maybe, type Plot, some } from '../plot.js'

export const brokenToy: Plot = {
  name: 'broken-toy',
  hero: 'child',
  cast: { helper: 'parent|grand|older|neighbor' },
  things: { thing: 'mend own' },
  place: 'out play|in home play',
  lets: {
    tool: 'glue|strong glue|a little hammer|tape|a piece of string|some wire|a small screw|a new piece of wood',
    how: 'It fell to the ground|It hit something hard|Somebody stepped on it|It slipped and fell|A dog ran into it|It bumped into a wall',
  },
  want: 'thing',
  beats: [
    `- [Hero] had [thing.a]. Every day [hero.he] liked to [thing.use].
     - [Day], [hero] took [hero.his] [thing.full] [place.to]. [Hero.He] wanted to [thing.use].
     - Of all [hero.his] things, [hero] loved [hero.own] [thing.full] the most.
     - [Day], [hero] was [place.in] with [thing.a]. It was a present from [helper].
     - [Day], [hero] wanted to [thing.use]. So [hero.he] went [place.to] with [hero.his] [thing.full].`,
    `- But then something bad happened. [How], and crack! The [thing] was broken.
     - $atonce, there was a loud crack. [How]. Now the [thing] was in two pieces.
     - But [hero] was not careful. [How], and it broke.
     - Then came an unlucky moment. [How]. "$ohno, it is broken!" cried [hero].
     - [How]. When [hero] picked it up, a piece was missing.`,
    `- [Hero] $cried. "I will never [thing.use] again," [hero.he] said.
     - [Hero] looked at the pieces, and tears ran down [hero.his] face.
     - [Hero] tried to put it together, but it fell apart again.
     - "My poor [thing]!" said [hero]. [Hero.He] was $sad.
     - First [hero] hid it under the bed. But that did not help, of course.`,
    `- [Hero] took the pieces to [helper]. "Can you mend it?" [hero.he] asked.
     - [Helper] saw the tears. "Show me," said [helper]. "Maybe we can mend it."
     - "Don't cry," said [helper]. "What is broken can often be mended."
     - [Helper] looked at the [thing] for a long time. "Hm," said [helper]. "We can try."`,
    `- They got [tool] and sat down at the table. [Hero] held the pieces, and [helper] worked slowly and
       carefully.
     - "We need [tool]," said [helper]. [Hero] ran to get it. Then they began.
     - [Helper] showed [hero] how to do it with [tool]. It was not easy, but [hero] did not give up.
     - With [tool] and a lot of patience, they put one piece to the other.`,
    some(
      0,
      1,
      `- "Now we must wait until tomorrow," said [helper]. [Hero] could hardly sleep that night.
     - The first try did not work. They began again.
     - One piece was lost, so they made a new one.
     - "You hold it, I will do the rest," said [helper].`,
    ),
    `- At last the [thing] was whole again. It was almost like new!
     - Then it was done. "Try it," said [helper]. It worked!
     - When it was ready, [hero] looked at it from all sides. One could hardly see where it had been broken.
     - And then the [thing] was mended. There was a little line where it had been broken, but [hero] did not
       mind.`,
    `- "$thanks!" cried [hero] and $hug [helper]. 
     - [Hero] jumped for joy. Right away [hero.he] wanted to [thing.use].
     - "I love it even more now," said [hero], "because we mended it together."
     - [Hero] $smiled. "I will be careful with it," [hero.he] promised.
     - From then on, [hero] was very careful with the [thing].`,
  ],
  moral:
    "broken things can be mended|it is good to be careful with one's things|with patience many things can be made whole again|one should not give up too soon",
  feelings: 'happy|thankful|glad|proud',
  questions: `
    What was broken? = The [thing] was broken.
    Who helped to mend the [thing]? = [Helper.full] helped to mend the [thing].
    What did they use to mend it? = They used [tool].`,
}

export const truth: Plot = {
  name: 'truth',
  hero: 'child',
  traits: 'lively|quick|playful|good|curious|merry',
  cast: { owner: 'parent|grand|parent', blamed: 'housepet' },
  things: { thing: 'tall' },
  rows: {
    game: [
      'played ball in the house / The ball flew through the room and hit / play ball',
      'danced around the table / With one arm, the little dancer hit / dance',
      'ran through the house / At the corner, one elbow hit / run',
      'jumped on the sofa / A cushion flew through the air and hit / jump',
      'played pirate with a wooden spoon / The spoon swung around and hit / play pirate',
      'flew a paper plane in the room / The plane turned and hit / fly planes',
      'rode a scooter in the hall / The scooter rolled on and hit / ride a scooter',
      'played with a hoop / The hoop rolled away and hit / play with a hoop',
      'climbed up on a chair / The chair tipped over and hit / climb on chairs',
      'spun around and around / A sleeve caught / spin around',
      'wrestled with a pillow / The pillow slipped and hit / fight with pillows',
    ],
  },
  want: 'game',
  beats: [
    `- [Owner] had [thing.a] and loved it very much. "Please be careful with it," [owner] always said.
     - In the living room stood [thing.a]. It belonged to [owner].
     - [Owner] loved [owner.own] [thing.full]. It stood on a shelf by the window.
     - There was [thing.a] on the table. [Owner] had got it long ago.`,
    `- [Day], [hero] [game], although [hero.he] was not allowed to. [Game.b] the [thing]. Crash! It was
       broken.
     - One day, [hero] was alone and [game]. [Game.b] the [thing], and it fell to the floor. Crash!
     - One rainy day, [hero] [game]. It was fun at first. [Game.b] the [thing]. It broke into many pieces.
     - [Hero] forgot that and [game]. [Game.b] the [thing]. It fell down and broke.`,
    `- [Hero.His] heart stood still. "What shall I do?" [hero.he] thought. [Hero.He] quickly hid the pieces
       behind the curtain.
     - "$ohno," whispered [hero]. Nobody had seen it. [Hero.He] pushed the pieces under the sofa.
     - [Hero] looked at the pieces and felt cold. [Hero.He] was afraid that [owner] would be angry.
     - [Hero] wished that it had not happened. But the [thing] was in pieces.`,
    either(
      [
        `- When [owner] came home, [owner.he] asked, "What happened to my [thing]?" "It was [blamed]," said
           [hero] and turned red. {!lied}
         - "Who broke my [thing]?" asked [owner]. [Hero] looked at the floor. "I think it was [blamed]."
           {!lied}
         - Later, [owner] saw it. "Do you know who did this?" [Hero] pointed at [blamed]. {!lied}`,
        `- [Blamed] had to stay outside and looked so sad. [Hero] felt terrible.
         - At dinner, [hero] could not eat. The lie sat in [hero.his] tummy like a stone.
         - That night, [hero] could not sleep. [Blamed] had done nothing wrong.
         - [Hero] looked at [blamed]. [Hero.He] had a lump in [hero.his] throat.`,
      ],
      [
        `- [Hero] wanted to say that it was [blamed]. But that would be a lie.
         - For a moment, [hero] thought of a story. But [hero.he] knew that it would not be right.
         - When [owner] came home, [hero] did not say a word. The whole evening [hero.he] had a bad feeling.
         - [Hero] waited at the door. Every minute felt like an hour.`,
      ],
    ),
    `- Then [hero] took a deep breath and went to [owner]. "It was me," [hero.he] said. "I broke the [thing].
       I am so sorry."
     - In the end, [hero] told the truth. "I wanted to [game.c], and then it broke. I am sorry."
     - "I have to tell you something," said [hero] with tears in [hero.his] eyes. "It was me who broke the
       [thing]."
     - [Hero] could not bear it any longer. "I did it," [hero.he] said. "Please do not be angry."`,
    `- [Owner] was quiet for a moment. Then [owner] said, "I am sad about the [thing], but I am glad that you
       told me the truth."
     - [Owner] was not angry. "Things can break," said [owner], "but it was brave of you to tell the truth."
     - "Thank you for being honest," said [owner] and $hug [hero].
     - [Owner] sighed and then smiled. "A [thing] can be bought again. But your word is worth much more."`,
    `- Together they {swept up the pieces|tried to glue the pieces together}.
     - {?lied:"I am sorry, too," said [hero] to [blamed].|A big stone fell from [hero.s] heart.}
     - [Hero] gave [owner] all the coins from the piggy bank to buy a new one. [Owner] laughed and gave them
       back.
     - After that, [hero] only wanted to [game.c] outside.
     - [Hero] made a card for [owner]. It said, "I am sorry."`,
  ],
  moral:
    'it is always better to tell the truth|a lie makes everything worse|telling the truth makes the heart light|it takes courage to be honest',
  feelings: 'relieved|better|light|good',
  questions: `
    Who broke the [thing]? = [Hero.full] broke the [thing].
    Whose [thing] was it? = It was the [thing] of [owner.full].
    What did [hero.full] tell [owner.full]? = [Hero.full] told the truth.
    lied: Who did nothing wrong? = [Blamed.full] had done nothing wrong.`,
}

export const mess: Plot = {
  name: 'mess',
  hero: 'child',
  traits: 'messy|dreamy|lively|busy|playful',
  cast: { parent: 'parent', friend: 'friend' },
  things: { thing: 'small own', thing2: 'own' },
  lets: {
    trip: 'go to the zoo|go to the beach|go to the fair|visit the circus|go to the swimming pool|go on a picnic|take the train|go to a party|see a puppet show|go to the ice rink|visit the farm|go out for ice cream',
    where:
      'under a mountain of socks|between two old newspapers|at the bottom of the toy chest|behind the bookcase|inside a rubber boot|under the bed|in the pocket of a coat|beneath a heap of blankets',
  },
  want: 'trip',
  beats: [
    `- The room of [hero] was always a mess. There were toys on the floor, socks on the lamp and books on the
       bed.
     - [Hero] never put anything away. In [hero.his] room one could hardly see the floor.
     - "Please clean up your room," said [parent] every day. "Later," said [hero] every day.
     - In the room of [hero], everything lay on the floor: [thing2.a], shirts, blocks and paper.`,
    `- [Day], [parent] said, "Today we will [trip]. Take your [thing] with you." [Hero] was so excited!
     - [Day], [friend] stood at the door. "Let us [trip]," said [friend]. "But bring your [thing]!"
     - [Day], [hero] wanted to [trip] with [friend]. But where was [hero.his] [thing.full]?
     - [Day], the whole family wanted to [trip]. [Hero] only had to get [hero.his] [thing.full].`,
    `- [Hero] looked here and there, but the [thing] was nowhere. There was too much of everything.
     - "It must be here!" said [hero]. [Hero.He] threw things to the left and to the right, and the mess
       became bigger.
     - [Hero] stepped on a block. "Ouch!" [hero.he] cried. The [thing] was nowhere to be seen.
     - "I cannot find my [thing]," [hero] cried. "We cannot wait much longer," was the answer.`,
    `- "If you put everything in its place, you will find it," said [parent].
     - [Parent] looked into the room. "First clean up," [parent] said. "Then look."
     - "Shall I help you clean up?" asked [parent]. [Hero] nodded.
     - Then [hero] understood. "I have to clean up," [hero.he] said with a sigh.`,
    `- First [hero] put the books on the shelf. Then the blocks went into the box and the socks into the
       drawer.
     - [Hero] began with the toys. Then came the clothes, and last the paper.
     - [Hero] sang a song, and piece by piece the floor came back.
     - [Hero] hung up [hero.his] clothes, put the [thing2] in the corner and made the bed.`,
    `- And there, [where], was the [thing]!
     - Almost everything was done when [hero] found the [thing]. It had been [where].
     - "I have it!" shouted [hero]. The [thing] was [where].
     - Then [hero] saw something [where]. It was the [thing]!`,
    `- So they could [trip] after all, and it was wonderful.
     - "Well done," said [parent]. "Now we can go." They had a lot of fun.
     - [Hero] looked at the clean room. It was bigger than before! Then they all went off to [trip].
     - They were a little late, but they had a great time.`,
    maybe(
      0.5,
      `- From then on, [hero] put things away every evening.
     - Now every thing in the room has its own place.
     - When they came home, [hero] was happy about [hero.his] clean room.`,
    ),
  ],
  moral:
    'it is easier to find things when everything is in its place|cleaning up is worth it|it is better to do things now than later|a clean room makes life easier',
  feelings: 'proud|happy|good|glad',
  questions: `
    What could [hero.full] not find? = [Hero.full] could not find the [thing].
    Where was the [thing]? = The [thing] was [where].
    What did they want to do? = They wanted to [trip].`,
}
